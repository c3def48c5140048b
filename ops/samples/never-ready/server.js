const http = require('node:http');

const server = http.createServer((request, response) => {
  console.error(`Not ready: the database at db.example is missing (asked for ${request.url})`);
  response.writeHead(503, { 'Content-Type': 'text/plain' });
  response.end('not ready\n');
});

process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(Number(process.env.PORT ?? 3000), '0.0.0.0', () => console.log('Started, and never going to be ready'));
