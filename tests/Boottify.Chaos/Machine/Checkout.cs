using System.Runtime.CompilerServices;

namespace Boottify.Chaos.Machine;

/// <summary>The checkout whose platform is put to the test, and the settings that ops/up left in it.</summary>
public static class Checkout
{
    public static string Root { get; } = RepositoryRoot.Path;

    public static string State { get; } = Path.Combine(Root, ".boottify");

    /// <summary>What ops/chaos sets for all rows; without it, the ones that ops/test has time for.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("BOOTTIFY_CHAOS") == "full";

    /// <summary>Only rows that this regular expression fits; null for all of the form.</summary>
    public static string? Rows { get; } = Environment.GetEnvironmentVariable("BOOTTIFY_CHAOS_ROWS") is { Length: > 0 } rows ? rows : null;

    /// <summary>Kill the daemons that all checkouts of the machine share, though others are up.</summary>
    public static bool MayKillShared { get; } = Environment.GetEnvironmentVariable("BOOTTIFY_CHAOS_SHARED") == "1";

    /// <summary>The tests find the settings in their environment, whoever starts them.</summary>
    [ModuleInitializer]
    internal static void Load()
    {
        foreach (var (name, value) in ReadSettings())
            Environment.SetEnvironmentVariable(name, value);
    }

    /// <summary>The two programs' settings and those for scripts, as NAME and value.</summary>
    public static Dictionary<string, string> ReadSettings()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in new[] { "services.env", "platform.env" }.Select(name => Path.Combine(State, name)).Where(File.Exists))
        {
            foreach (var line in File.ReadLines(file))
            {
                if (line.Split('=', 2) is [var name, var value])
                    settings[name] = value;
            }
        }

        return settings;
    }
}
