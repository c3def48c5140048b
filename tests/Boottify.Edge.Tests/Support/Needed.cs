namespace Boottify.Edge.Tests.Support;

/// <summary>The real parts that the tests run against, as ops/up names them.</summary>
internal static class Needed
{
    public static string Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{name} is not set. Run ops/up, then `set -a; . .boottify/services.env; set +a`, or run the tests with ops/test.");

    public static string Pebble { get; } = Find("BOOTTIFY_PEBBLE", "pebble",
        Path.Combine(Environment.GetEnvironmentVariable("BOOTTIFY_CACHE") ?? "/var/cache/boottify", "pebble/usr/bin/pebble"), "/usr/bin/pebble");

    private static string Find(string setting, string name, params string[] usual)
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name));
        return new[] { Environment.GetEnvironmentVariable(setting) }.Concat(usual).Concat(onPath).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"There is no {name} on this machine. Run ops/up, or set {setting} to its path.");
    }

    public static int FreePort() => Testing.FreePorts.Next();
}
