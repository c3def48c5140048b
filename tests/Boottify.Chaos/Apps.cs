using System.Security.Cryptography;
using Boottify.EndToEnd;

namespace Boottify.Chaos;

/// <summary>What rows deploy: a server that says which version it is, as slow to build and to get ready as the row needs.</summary>
public static class Apps
{
    /// <param name="buildSeconds">How long the build prints a tick a second; never out of the cache.</param>
    /// <param name="readyAfter">How long the server waits before it listens.</param>
    /// <param name="bulk">Bytes of a file that no disk can compress.</param>
    public static Dictionary<string, byte[]> Serving(string version, int buildSeconds = 0, int readyAfter = 0, int bulk = 0)
    {
        var server = $$"""
            const server = require('http').createServer((_, answer) => answer.end('{{version}}'));
            process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
            setTimeout(() => server.listen(process.env.PORT, '0.0.0.0'), {{readyAfter * 1000}});
            """;
        var ticks = buildSeconds == 0 ? "" : $"RUN : {version}; i=0; while [ $i -lt {buildSeconds} ]; do i=$((i+1)); echo \"tick $i\"; sleep 1; done\n";
        var files = SourceRepository.Files(("server.js", server), ("Dockerfile", $"FROM node:20-alpine\nWORKDIR /app\nCOPY server.js ./\n{ticks}USER 1000\nCMD [\"node\", \"server.js\"]\n"));
        files["bulk"] = RandomNumberGenerator.GetBytes(bulk);
        return files;
    }
}
