using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Boottify.Dashboard;

/// <summary>A file of the page as it is sent, plain and compressed, each with its own entity tag.</summary>
internal sealed record PageFile(string ContentType, byte[] Plain, byte[] Zipped)
{
    public EntityTagHeaderValue PlainTag { get; } = TagOf(Plain);

    public EntityTagHeaderValue ZippedTag { get; } = TagOf(Zipped);

    private static EntityTagHeaderValue TagOf(byte[] content) => new($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..24]}\"");
}

/// <summary>
/// The page's files, read once from the assembly: they are published with it, so that no folder can be missing or of another
/// version.
/// </summary>
internal sealed class PageFiles
{
    private const string Prefix = "dashboard/";
    private readonly Dictionary<string, PageFile> files;

    private PageFiles(string version, Dictionary<string, PageFile> files, PageFile index)
    {
        Version = version;
        this.files = files;
        Index = index;
    }

    /// <summary>Changes with any file.</summary>
    public string Version { get; }

    /// <summary>The document itself, which names the other files under <see cref="Version"/>.</summary>
    public PageFile Index { get; }

    public PageFile? Find(string? path) => path is not null && files.TryGetValue(path, out var file) ? file : null;

    public static PageFiles Load()
    {
        var assembly = typeof(PageFiles).Assembly;
        var contents = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            var path = resource[Prefix.Length..].Replace('\\', '/');
            contents[path] = path.StartsWith("vendor/", StringComparison.Ordinal) ? Localise(content) : content;
        }

        var version = VersionOf(contents);
        contents.Remove("index.html", out var document);
        return new PageFiles(version, contents.ToDictionary(file => file.Key, file => Make(file.Key, file.Value)), Make("index.html", Complete(document!, version, contents.Keys)));
    }

    /// <summary>
    /// Libraries name each other by package, which a browser cannot resolve without an import map, which in turn the page's
    /// content security policy forbids; and they name source maps that are not sent.
    /// </summary>
    private static byte[] Localise(byte[] library) => Encoding.UTF8.GetBytes(
        Encoding.UTF8.GetString(library)
            .Replace("from\"preact\"", "from\"./preact.js\"", StringComparison.Ordinal)
            .Replace("//# sourceMappingURL=", "// ", StringComparison.Ordinal));

    /// <summary>Fills in the version, and names every module, so that the browser loads all at once and not one after the other.</summary>
    private static byte[] Complete(byte[] document, string version, IEnumerable<string> paths)
    {
        var modules = paths.Where(path => path.EndsWith(".js", StringComparison.Ordinal))
            .Select(path => $"<link rel=\"modulepreload\" href=\"/assets/{version}/{path}\">");
        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(document)
            .Replace("<!-- MODULES -->", string.Join("\n  ", modules), StringComparison.Ordinal)
            .Replace("/assets/VERSION/", $"/assets/{version}/", StringComparison.Ordinal));
    }

    private static string VersionOf(SortedDictionary<string, byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, content) in contents)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{path}\n{content.Length}\n"));
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static PageFile Make(string path, byte[] content)
    {
        var type = new FileExtensionContentTypeProvider().TryGetContentType(path, out var known) ? known : "text/plain";
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.SmallestSize, leaveOpen: true))
            zip.Write(content);
        return new PageFile(type.StartsWith("text/", StringComparison.Ordinal) ? $"{type}; charset=utf-8" : type, content, zipped.ToArray());
    }
}
