namespace Boottify.Benchmarks.Overhead;

/// <summary>What both sides deploy: the same files, the same Dockerfile, and one file that says the version.</summary>
internal sealed record BenchedApp(string Name, string AnswersAt, Action<string, string> Write)
{
    /// <summary>A web server of one file: the build costs next to nothing, so what comes on top shows.</summary>
    public static BenchedApp Node { get; } = new("one-file Node server", "/", (folder, version) =>
    {
        File.WriteAllText(Path.Combine(folder, "server.js"), $$"""
            const server = require('http').createServer((_, answer) => answer.end('{{version}}'));
            process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
            server.listen(process.env.PORT, '0.0.0.0');
            """);
        File.WriteAllText(Path.Combine(folder, "Dockerfile"), $"""
            FROM {Base}
            WORKDIR /app
            COPY server.js ./
            USER 1000:1000
            CMD ["node", "server.js"]
            """);
    });

    /// <summary>The sample, with the Dockerfile that Boottify's template makes for it.</summary>
    public static BenchedApp NextJs { get; } = new("Next.js sample", "/version.txt", (folder, version) =>
    {
        var sample = Path.Combine(RepositoryRoot.Path, "ops", "samples", "nextjs");
        string[] leftovers = ["node_modules", ".next"];
        foreach (var file in Directory.EnumerateFiles(sample, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(sample, file);
            if (relative.Split(Path.DirectorySeparatorChar).Any(leftovers.Contains))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, relative))!);
            File.Copy(file, Path.Combine(folder, relative), overwrite: true);
        }

        Directory.CreateDirectory(Path.Combine(folder, "public"));
        File.WriteAllText(Path.Combine(folder, "public", "version.txt"), version);
        File.WriteAllText(Path.Combine(folder, "Dockerfile"), $"""
            FROM {Base} AS dependencies
            WORKDIR /app
            ENV NEXT_TELEMETRY_DISABLED=1
            COPY package.json package-lock.json ./
            RUN npm ci --no-audit --no-fund

            FROM dependencies AS build
            ENV NODE_ENV=production NEXT_PRIVATE_STANDALONE=true
            COPY . .
            RUN npm run build

            FROM {Base}
            WORKDIR /app
            ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOSTNAME=0.0.0.0
            COPY --from=build --chown=1000:1000 /app/public ./public
            COPY --from=build --chown=1000:1000 /app/.next/standalone ./
            COPY --from=build --chown=1000:1000 /app/.next/static ./.next/static
            USER 1000:1000
            CMD ["node", "server.js"]
            """);
    });

    private static string Base => Environment.GetEnvironmentVariable("BOOTTIFY_BASE_IMAGE") is { Length: > 0 } named ? named : "node:20-alpine";
}
