using System.Text.RegularExpressions;

namespace Boottify.Builds;

/// <summary>Which program installs an app's packages, and the commands that do it inside a build.</summary>
/// <param name="Name">"npm", "pnpm" or "yarn".</param>
/// <param name="Tool">Command that puts the program's version into the image; null when the image's own npm does.</param>
/// <param name="Install">Command that installs all packages.</param>
/// <param name="InstallForProduction">Command that installs only what runs.</param>
/// <param name="Prune">Command that takes out again what only the build needed.</param>
/// <param name="Warnings">What the user should know, for the log.</param>
internal sealed partial record PackageManager(
    string Name, string? Tool, string Install, string InstallForProduction, string Prune, IReadOnlyList<string> Warnings)
{
    // Versions for repositories that name none: each reads the lock files of its line.
    private const string Pnpm = "10.34.9";
    private const string PnpmForOldLocks = "8.15.9";
    private const string YarnClassic = "1.22.22";
    private const string YarnBerry = "4.18.1";

    /// <summary>Files that installing reads, apart from the lock file.</summary>
    public static IReadOnlyList<string> Extras { get; } = [".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", ".yarnrc", ".yarnrc.yml"];

    public string Run(string script) => $"{Name} run {script}";

    /// <summary>By lock file first, for that is what the packages were tested with; then by the manifest's wish; else npm.</summary>
    public static PackageManager Of(SourceFolder folder, PackageManifest manifest)
    {
        var warnings = new List<string>();
        var wish = Wish().Match(manifest.PackageManager ?? "");
        var wished = wish.Success ? wish.Groups["name"].Value : null;
        if (manifest.PackageManager is { Length: > 0 } && wished is null)
            warnings.Add($"package.json asks for the package manager '{Printable(manifest.PackageManager)}', which is not one that Boottify knows.");

        var (name, locked) = Locked(folder) is { } found ? (found, true) : (wished ?? "npm", false);
        if (wished is not null && wished != name)
            warnings.Add($"package.json asks for {wished}, but the lock file is {name}'s: {name} installs the packages.");
        if (!locked)
            warnings.Add("There is no lock file, so each build may install other versions. Commit package-lock.json, pnpm-lock.yaml or yarn.lock.");
        var version = wished == name ? wish.Groups["version"].Value : null;
        return name switch
        {
            "pnpm" => UsePnpm(folder, version, locked, warnings),
            "yarn" => UseYarn(folder, version, locked, warnings),
            _ => UseNpm(version, locked, warnings),
        };
    }

    private static string? Locked(SourceFolder folder) =>
        folder.HasFile("pnpm-lock.yaml") ? "pnpm"
        : folder.HasFile("yarn.lock") ? "yarn"
        : folder.HasFile("package-lock.json") || folder.HasFile("npm-shrinkwrap.json") ? "npm"
        : null;

    private static PackageManager UseNpm(string? version, bool locked, List<string> warnings)
    {
        var install = (locked ? "npm ci" : "npm install") + " --no-audit --no-fund";
        return new(
            "npm",
            version is null ? null : Global($"npm@{version}"),
            install + " && npm cache clean --force",
            install + " --omit=dev && npm cache clean --force",
            "npm prune --omit=dev --no-audit --no-fund",
            warnings);
    }

    private static PackageManager UsePnpm(SourceFolder folder, string? version, bool locked, List<string> warnings)
    {
        var old = LockVersion().Match(folder.Read("pnpm-lock.yaml") ?? "") is { Success: true } match
            && int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) < 9;
        var install = $"pnpm install {(locked ? "--frozen-lockfile" : "--no-frozen-lockfile")} --store-dir /tmp/pnpm-store";
        const string Clean = " && rm -rf /tmp/pnpm-store";
        return new(
            "pnpm",
            Global($"pnpm@{version ?? (old ? PnpmForOldLocks : Pnpm)}"),
            install + Clean,
            install + " --prod" + Clean,
            "CI=true pnpm prune --prod --ignore-scripts",
            warnings);
    }

    private static PackageManager UseYarn(SourceFolder folder, string? version, bool locked, List<string> warnings)
    {
        // Only the lock files of version 2 and later have this section.
        var berry = version is not null ? !version.StartsWith("1.", StringComparison.Ordinal)
            : folder.Read("yarn.lock")?.Contains("__metadata:", StringComparison.Ordinal) == true;
        if (berry)
        {
            return new(
                "yarn",
                Global($"@yarnpkg/cli-dist@{version ?? YarnBerry}"),
                $"yarn install {(locked ? "--immutable" : "--no-immutable")} && yarn cache clean --all",
                "yarn workspaces focus --production && yarn cache clean --all",
                "yarn workspaces focus --production && yarn cache clean --all",
                warnings);
        }

        var install = $"yarn install {(locked ? "--frozen-lockfile " : "")}--non-interactive";
        return new(
            "yarn",
            Global($"yarn@{version ?? YarnClassic}"),
            install + " && yarn cache clean",
            install + " --production && yarn cache clean",
            install + " --production --ignore-scripts --prefer-offline && yarn cache clean",
            warnings);
    }

    private static string Global(string package) => $"npm install --global --force --no-audit --no-fund {package} && npm cache clean --force";

    private static string Printable(string text) => new([.. text.Where(c => !char.IsControl(c)).Take(60)]);

    [GeneratedRegex(@"^(?<name>npm|pnpm|yarn)@(?<version>[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,6}(-[0-9A-Za-z.-]{1,40})?)(\+[0-9A-Za-z.]{1,200})?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Wish();

    [GeneratedRegex(@"^lockfileVersion:\s*'?([0-9]{1,3})", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex LockVersion();
}
