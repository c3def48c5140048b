// Serves the folder "site". Stops cleanly when told to, which the first process of a container has to do by itself.
const http = require('http');
const sirv = require('sirv');

const files = sirv('site', { etag: true, gzip: true, brotli: true, single: process.env.SINGLE_PAGE === 'true' });
const server = http.createServer((request, response) => {
  response.on('finish', () => console.log(`${request.method} ${request.url} ${response.statusCode}`));
  files(request, response, () => {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Not found\n');
  });
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

server.listen(Number(process.env.PORT), process.env.HOSTNAME, () => console.log(`Serving on port ${process.env.PORT}`));
