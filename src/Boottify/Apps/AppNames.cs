using System.Globalization;
using System.Text;

namespace Boottify.Apps;

/// <summary>
/// Every name derived from an app, made in this one place: legal for Kubernetes, Docker, DNS and PostgreSQL whatever
/// the app is called, and unique because each holds the app's id.
/// </summary>
public sealed record AppNames
{
    /// <summary>Object names inside the namespace, which is the app's alone.</summary>
    public const string Workload = "app";

    /// <summary>Folder of the registry that holds the apps' repositories.</summary>
    public const string ImageFolder = "apps";

    private AppNames(string appId, string slug)
    {
        AppId = appId;
        Slug = slug;
    }

    public string AppId { get; }

    /// <summary>The readable part: <c>myapp</c> of "MyApp", <c>unicode-co</c> of "Ünïcode &amp; Co".</summary>
    public string Slug { get; }

    public string Namespace => $"app-{AppId}";

    /// <summary>Repository in the registry, without the registry's address and without a tag. Lower case by construction.</summary>
    public string ImageRepository => $"{ImageFolder}/{AppId}";

    /// <summary>First label of the app's own host, at most 63 characters.</summary>
    public string HostLabel => $"{Slug}-{AppId}";

    public string Database => $"app_{AppId}";

    public string DatabaseRole => $"app_{AppId}";

    public string Host(string domain) => $"{HostLabel}.{domain}";

    /// <summary>The app whose host this would be, by its form alone; null for any other name.</summary>
    public static string? AppOfHost(string host, string domain)
    {
        if (!host.EndsWith($".{domain}", StringComparison.OrdinalIgnoreCase))
            return null;
        var label = host[..^(domain.Length + 1)];
        var app = label[(label.LastIndexOf('-') + 1)..];
        return app.Length < label.Length && AppIds.IsApp(app) ? app : null;
    }

    /// <param name="appId">From <see cref="AppIds.New"/>.</param>
    /// <param name="name">What the user called it; may be anything.</param>
    public static AppNames Of(string appId, string name) => new(appId, Slugify(name, 63 - 1 - appId.Length));

    private static string Slugify(string name, int longest)
    {
        var slug = new StringBuilder(name.Length);
        foreach (var rune in name.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
                continue;
            if (rune.IsAscii && Rune.IsLetterOrDigit(rune))
                slug.Append((char)Rune.ToLowerInvariant(rune).Value);
            // One hyphen for any run of other characters, so that no slug can claim to be an internationalised label ("xn--").
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }

        if (slug.Length > longest)
            slug.Length = longest;
        var trimmed = slug.ToString().Trim('-');
        return trimmed.Length == 0 ? "app" : trimmed;
    }
}
