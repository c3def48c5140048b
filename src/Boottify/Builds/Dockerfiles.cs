using System.Collections.Frozen;
using System.Text.Json;
using Fluid;

namespace Boottify.Builds;

/// <summary>
/// Writes the Dockerfile for a plan. What changes with each commit stands at its end and what changes seldom at its start, so
/// that the engine finds earlier layers again. All values put in are checked words of our own types.
/// </summary>
internal static class Dockerfiles
{
    public const string Folder = ".boottify";
    public const string FileName = Folder + "/Dockerfile";
    private const string ServerName = Folder + "/server.cjs";

    /// <summary>A misspelt name is an error; a dash in a tag takes its own line away, not the empty ones beside it.</summary>
    private static readonly TemplateOptions Options = new() { StrictVariables = true, Greedy = false };

    private static readonly FrozenDictionary<string, IFluidTemplate> Templates =
        new[] { "nextjs", "node", "static" }.ToFrozenDictionary(name => name, Load, StringComparer.Ordinal);

    /// <returns>Files to put beside the app's own: the Dockerfile and what it copies. Empty when the app has a Dockerfile.</returns>
    public static IReadOnlyDictionary<string, string> For(SourcePlan plan, SourceFolder folder, BuildRequest request, string baseImage)
    {
        if (plan.Template == "dockerfile")
            return FrozenDictionary<string, string>.Empty;
        var values = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["base"] = baseImage,
            ["app"] = request.AppId,
            ["commit"] = request.Commit,
            ["port"] = request.Port,
            ["build"] = plan.Build,
            ["single"] = plan.SinglePage ? "true" : "false",
            ["output"] = plan.OutputFolder,
            ["start"] = JsonSerializer.Serialize(plan.Start),
        };
        (values["tool"], values["install"], values["copies"], values["prune"]) = (null, null, Array.Empty<string>(), null);
        if (plan is { Manager: { } manager, Manifest: { } manifest })
        {
            var onlyProduction = plan.Template == "node" && plan.Build is null && !manifest.InstallNeedsSource;
            values["tool"] = manager.Tool;
            values["install"] = onlyProduction ? manager.InstallForProduction : manager.Install;
            values["copies"] = manifest.InstallNeedsSource ? [". ."] : Copies(folder);
            values["prune"] = !onlyProduction && manifest.DevDependencies.Count > 0 ? manager.Prune : null;
        }

        var files = new Dictionary<string, string>(StringComparer.Ordinal) { [FileName] = Render(plan.Template, values) };
        if (plan.Template == "static")
            files[ServerName] = Resource("server.cjs");
        return files;
    }

    // Only what installing reads, so that a change of the app's code leaves the installed packages in the cache.
    private static string[] Copies(SourceFolder folder)
    {
        string[] candidates = ["package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", .. PackageManager.Extras];
        List<string> copies = [string.Join(' ', candidates.Where(folder.HasFile)) + " ./"];
        foreach (var name in new[] { ".yarn", "patches" })
        {
            if (folder.HasFolder(name))
                copies.Add($"{name} ./{name}/");
        }

        return [.. copies];
    }

    private static string Render(string template, Dictionary<string, object?> values)
    {
        var context = new TemplateContext(Options);
        foreach (var (name, value) in values)
            context.SetValue(name, value ?? false); // What a plan does not have is known to be missing, which is no misspelt name.
        return Templates[template].Render(context);
    }

    private static IFluidTemplate Load(string name) => new FluidParser().Parse(Resource(name + ".liquid"));

    private static string Resource(string name)
    {
        using var stream = typeof(Dockerfiles).Assembly.GetManifestResourceStream($"Boottify.Builds.Templates.{name}")
            ?? throw new InvalidOperationException($"The template {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
