namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>The releases of the app that is asked all the time, good and bad ones.</summary>
internal static class CountedApp
{
    public const string HealthPath = "/healthz";

    /// <summary>Answers its name, after 8 ms of work, or 2 s for <c>/slow</c>; ends as a web server should.</summary>
    public static Dictionary<string, byte[]> Good(string name) => Release($$"""
        const server = require('http').createServer((request, answer) => {
          request.resume();
          setTimeout(() => answer.end('{{name}}'), request.url === '/slow' ? 2000 : request.url === '{{HealthPath}}' ? 0 : 8);
        });
        process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
        server.listen(process.env.PORT, '0.0.0.0');
        """);

    /// <summary>Would answer visitors, but says of itself that it is not well.</summary>
    public static Dictionary<string, byte[]> Unhealthy => Release($$"""
        require('http').createServer((request, answer) => {
          answer.statusCode = request.url === '{{HealthPath}}' ? 500 : 200;
          answer.end('a release that is not well');
        }).listen(process.env.PORT, '0.0.0.0');
        """);

    public static Dictionary<string, byte[]> Crashing => Release("throw new Error('no such table: users');");

    /// <summary>Takes more memory than it may have, and is killed by the kernel.</summary>
    public static Dictionary<string, byte[]> Greedy => Release("const taken = []; for (;;) taken.push(Buffer.alloc(16 << 20, 1));");

    public static Dictionary<string, byte[]> WithoutItsProgram => Release("", start: "ENTRYPOINT [\"/no/such/program\"]");

    public static Dictionary<string, byte[]> Unbuildable => SourceRepository.Files(("Dockerfile", $"FROM node:20-alpine\nRUN : {Guid.NewGuid():n}; exit 3\n"));

    /// <summary>All files of a release, so that nothing of a bad one is left in the next.</summary>
    private static Dictionary<string, byte[]> Release(string script, string start = "CMD [\"node\", \"server.js\"]") => SourceRepository.Files(
        ("server.js", script),
        ("Dockerfile", $"FROM node:20-alpine\nWORKDIR /app\nCOPY server.js ./\nUSER 1000\n{start}\n"));
}
