namespace Boottify.EndToEnd;

/// <summary>Small apps that behave in one known way each. Their images share all layers but the last, so they build in a moment.</summary>
public static class TestApps
{
    private const string Run = "\nCOPY server.js ./\nUSER 1000\nCMD [\"node\", \"server.js\"]\n";

    /// <summary>Answers <c>{version} {value of GREETING}</c> to whatever is asked, and ends as a web server should.</summary>
    public static Dictionary<string, byte[]> Serving(string version) => Server(
        $$"""
        const server = require('http').createServer((_, answer) => answer.end(`{{version}} ${process.env.GREETING ?? ''}`.trim()));
        process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
        server.listen(process.env.PORT, '0.0.0.0');
        """);

    /// <summary>Answers its version, the variables A, B and C and its port.</summary>
    public static Dictionary<string, byte[]> Telling(string version) => Server(
        $$"""
        const { A, B, C, PORT } = process.env;
        const server = require('http').createServer((_, answer) => answer.end(`{{version}} A=${A} B=${B} C=${C} PORT=${PORT}`));
        process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
        server.listen(PORT, '0.0.0.0');
        """);

    /// <summary>Like <see cref="Serving"/>, with a layer of that many random megabytes, which take their time to be pushed.</summary>
    public static Dictionary<string, byte[]> Heavy(string version, int megabytes)
    {
        var app = Serving(version);
        var layer = $"FROM node:20-alpine\nRUN : {Guid.NewGuid():n}; dd if=/dev/urandom of=/ballast bs=1M count={megabytes}\nWORKDIR /app{Run}";
        app["Dockerfile"] = System.Text.Encoding.UTF8.GetBytes(layer);
        return app;
    }

    /// <summary>Like <see cref="Serving"/>, with that many random megabytes in its repository, which take their time to be fetched and go into no image.</summary>
    public static Dictionary<string, byte[]> LargeRepository(string version, int megabytes)
    {
        var app = Serving(version);
        app["ballast"] = System.Security.Cryptography.RandomNumberGenerator.GetBytes(megabytes << 20);
        app[".dockerignore"] = "ballast\n"u8.ToArray();
        return app;
    }

    /// <summary>Says <paramref name="words"/> and runs, but answers every question with 503.</summary>
    public static Dictionary<string, byte[]> NeverReady(string words) => Server(
        $$"""
        console.log('{{words}}');
        process.on('SIGTERM', () => process.exit(0));
        require('http').createServer((_, answer) => { answer.statusCode = 503; answer.end(); }).listen(process.env.PORT, '0.0.0.0');
        """);

    /// <summary>Runs the script, such as <c>console.log('…')</c>, and ends with exit code 1.</summary>
    public static Dictionary<string, byte[]> Crashing(string script) => Server($"{script}\nprocess.exitCode = 1;\n");

    /// <summary>Its build runs the shell command and nothing of the image's cache.</summary>
    public static Dictionary<string, byte[]> Building(string command) =>
        SourceRepository.Files(("Dockerfile", $"FROM node:20-alpine\nRUN : {Guid.NewGuid():n}; {command}\n"));

    /// <summary>Its build prints <c>tick 1</c>, <c>tick 2</c> … one a second, and would for ten minutes.</summary>
    public static Dictionary<string, byte[]> Ticking() => Building("i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo \"tick $i\"; sleep 1; done");

    private static Dictionary<string, byte[]> Server(string script) =>
        SourceRepository.Files(("server.js", script), ("Dockerfile", $"FROM node:20-alpine\nWORKDIR /app{Run}"));
}
