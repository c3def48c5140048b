namespace Boottify.IntegrationTests.Builds;

/// <summary>Lock files for a project that needs ms 2.1.3, and is-number 7.0.0 to build, as each package manager writes them.</summary>
public static class LockFiles
{
    private static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Builds", "LockFiles");

    public static Task<string> OfAsync(string manager, string? wish)
    {
        var name = (manager, wish) switch
        {
            ("npm", _) => "package-lock.json",
            ("pnpm", _) => "pnpm-lock.yaml",
            (_, null) => "yarn-classic.lock",
            _ => "yarn-berry.lock",
        };
        return File.ReadAllTextAsync(Path.Combine(Folder, name), BuildFixture.Token);
    }
}
