using System.Text.RegularExpressions;
using Boottify.Deployments;

namespace Boottify.Builds;

/// <summary>How a folder is to be built, found out from its files alone: the same files always give the same plan.</summary>
/// <param name="Template">"dockerfile", "nextjs", "node" or "static".</param>
/// <param name="Manager">Null without a package.json, or when nothing is to be installed.</param>
/// <param name="Start">For "node": the start command's words, ready for exec.</param>
/// <param name="Build">The build command; null when there is nothing to build.</param>
/// <param name="SinglePage">For "static": unknown paths get index.html, as client-side routers want it.</param>
/// <param name="OutputFolder">For "static": where the site is once built; null when it has to be looked for.</param>
internal sealed partial record SourcePlan(
    string Template,
    PackageManifest? Manifest,
    PackageManager? Manager,
    IReadOnlyList<string> Start,
    string? Build,
    bool SinglePage = false,
    string? OutputFolder = null)
{
    private static readonly string[] NextConfigurations = ["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs", "next.config.mts"];
    private static readonly string[] SinglePageTools = ["vite", "react-scripts", "@vue/cli-service", "@angular/cli", "parcel"];
    private static readonly string[] ManyPageTools = ["astro", "vitepress", "@11ty/eleventy", "@docusaurus/core", "gatsby"];

    public BuildPlan Public => new(Template, Manager?.Name);

    /// <exception cref="StepException">Nothing here that Boottify can build; says what would be.</exception>
    public static SourcePlan Of(SourceFolder folder)
    {
        var manifest = folder.Read("package.json") is { } json ? PackageManifest.Parse(json) : null;
        var manager = manifest is { HasAnyDependency: true } ? PackageManager.Of(folder, manifest) : null;
        if (folder.HasFile("Dockerfile"))
            return new("dockerfile", manifest, manager, [], null);
        if (manifest is null)
            return PlainSite(folder, manifest) ?? throw Nothing(folder);

        var build = manifest.Script("build") is null ? null : (manager?.Name ?? "npm") + " run build";
        if (manifest.DependsOn("next"))
            return Next(folder, manifest, manager!, build ?? "node_modules/.bin/next build");
        if (build is not null && manifest.Script("start") is { } script && DevelopmentServer().IsMatch(script))
            return BuiltSite(manifest, manager, build);
        if (StartOf(folder, manifest, build is not null) is { } start)
            return new("node", manifest, manager, start, build);
        if (build is not null)
            return BuiltSite(manifest, manager, build);
        return PlainSite(folder, manifest) ?? throw Nothing(folder);
    }

    private static SourcePlan Next(SourceFolder folder, PackageManifest manifest, PackageManager manager, string build)
    {
        var exports = NextConfigurations.Select(folder.Read).OfType<string>().Any(text => StaticExport().IsMatch(text));
        return exports
            ? new("static", manifest, manager, [], build, OutputFolder: "out")
            : new("nextjs", manifest, manager, ["node", "server.js"], build);
    }

    private static SourcePlan BuiltSite(PackageManifest manifest, PackageManager? manager, string build) =>
        new("static", manifest, manager, [], build, SinglePage: SinglePageTools.Any(manifest.DependsOn) && !ManyPageTools.Any(manifest.DependsOn));

    private static SourcePlan? PlainSite(SourceFolder folder, PackageManifest? manifest) =>
        folder.HasFile("index.html") ? new("static", manifest, null, [], null, OutputFolder: ".")
        : folder.HasFolder("public") && folder.HasFile("public/index.html") ? new("static", manifest, null, [], null, OutputFolder: "public")
        : null;

    private static string[]? StartOf(SourceFolder folder, PackageManifest manifest, bool isBuilt)
    {
        // Node itself as the first process gets the signal to stop; npm in between would swallow it.
        if (manifest.Script("start") is { } script)
            return PlainNode().IsMatch(script) ? script.Split(' ', StringSplitOptions.RemoveEmptyEntries) : ["npm", "start"];
        if (manifest.Main is { } main && FileName().IsMatch(main) && !main.Split('/').Contains("..") && (isBuilt || folder.HasFile(main)))
            return ["node", main];
        return folder.HasFile("server.js") ? ["node", "server.js"] : null;
    }

    private static StepException Nothing(SourceFolder folder) => new(
        $"Found nothing in the {folder.Shown} that Boottify can build. Add a Dockerfile, a package.json with a start script, or an index.html, "
        + "or name another folder in the app's settings.");

    [GeneratedRegex(@"output\s*:\s*['""`]export['""`]", RegexOptions.NonBacktracking)]
    private static partial Regex StaticExport();

    [GeneratedRegex(@"^(npx +)?(vite|react-scripts start|vue-cli-service serve|ng serve|parcel|astro dev|webpack serve|webpack-dev-server|gatsby develop)( |$)", RegexOptions.NonBacktracking)]
    private static partial Regex DevelopmentServer();

    [GeneratedRegex(@"^node( +[A-Za-z0-9_@./:=,-]+)+$", RegexOptions.NonBacktracking)]
    private static partial Regex PlainNode();

    [GeneratedRegex(@"^[A-Za-z0-9_@./-]{1,200}$", RegexOptions.NonBacktracking)]
    private static partial Regex FileName();
}
