const fs = require('node:fs');
const http = require('node:http');

const version = process.env.APP_VERSION ?? fs.readFileSync(`${__dirname}/version.txt`, 'utf8').trim();
const commit = process.env.BOOTTIFY_COMMIT ?? 'unknown';

const server = http.createServer((request, response) => {
  if (request.url === '/healthz') {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ status: 'ok', version }));
  } else {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'X-App-Version': version });
    response.end(`Hello from version ${version}, commit ${commit}\n`);
  }
});

// Requests under way are answered before the process ends, so that a new release interrupts nobody.
process.on('SIGTERM', () => {
  console.log('Told to stop: finishing what is under way');
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(Number(process.env.PORT ?? 3000), '0.0.0.0', () => console.log(`Version ${version} listens on port ${server.address().port}`));
