using System.Security.Cryptography;
using System.Text.Json;
using Boottify.Edge.Acme;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Certificates as nginx's workers open them at each handshake: one PEM file a host with key and chain, so that the two
/// always fit, readable by the workers' group alone; a host that the wildcard serves has a link to the wildcard's. Beside it, for a host that has trouble, how often and until when.
/// </summary>
public sealed class CertificateStore(EdgeFolders folders, TimeProvider clock, ILogger<CertificateStore> log)
{
    private const int LargestFile = 1 << 20;

    /// <summary>What is on disk for the host; a file that cannot be used is said and counts as none.</summary>
    public PublishedCertificate? Find(CertificateName name)
    {
        var file = FileOf(name);
        if (!File.Exists(file)) return null;
        try
        {
            // A file of ours is small; whatever else it became is not read into memory.
            if (new FileInfo(file).Length > LargestFile) throw AcmeException.Because("The file is too large.");
            var pem = File.ReadAllText(file);
            return PublishedCertificate.Check(new IssuedCertificate(pem, pem), name, clock.GetUtcNow(), chainToo: false).Certificate with { Authority = IssuerNote.Read(pem) };
        }
        catch (Exception e) when (e is AcmeException or ArgumentException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The certificate file of {Name} cannot be used, a new one is ordered: {Problem}", name, e.Message);
            return null;
        }
    }

    /// <summary>Differs when the file is another one than before.</summary>
    public (DateTime Written, long Length) StampOf(CertificateName name) => new FileInfo(FileOf(name)) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    /// <summary>Key and chain as they are published; null when there are none.</summary>
    public async Task<string?> ReadAsync(CertificateName name, CancellationToken cancellation) =>
        File.Exists(FileOf(name)) ? await File.ReadAllTextAsync(FileOf(name), cancellation) : null;

    /// <summary>From its next handshake on, nginx serves it. No reload.</summary>
    public async Task PublishAsync(CertificateName name, string pem, CancellationToken cancellation)
    {
        await AtomicFile.WriteAsync(FileOf(name), pem, AtomicFile.GroupReadable, cancellation);
        File.Delete(RevokedFileOf(name));
    }

    /// <summary>Notes that the name's certificate with that serial is to be replaced, until another one is published.</summary>
    public Task NoteRevokedAsync(CertificateName name, string serial, CancellationToken cancellation) =>
        AtomicFile.WriteAsync(RevokedFileOf(name), serial, AtomicFile.Private, cancellation);

    /// <summary>Serial of the name's certificate that was revoked, if one was and was not replaced since.</summary>
    public string? RevokedOf(CertificateName name) => StateIn(RevokedFileOf(name));

    private string? StateIn(string file)
    {
        if (!File.Exists(file)) return null;
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogError("{File} counts as none: {Problem}", file, e.Message);
            return null;
        }
    }

    /// <summary>From its next handshake on, nginx serves the wildcard for the host: its file becomes a link to the wildcard's. Repeating it is harmless.</summary>
    public void Cover(HostName host, CertificateName wildcard)
    {
        var next = FileOf(host) + ".new";
        File.Delete(next);
        File.CreateSymbolicLink(next, Path.GetFileName(FileOf(wildcard)));
        Posix.Rename(next, FileOf(host));
    }

    /// <summary>The name's file leads to another name's, whether that is there or not.</summary>
    public bool IsCovered(CertificateName name) => new FileInfo(FileOf(name)).LinkTarget is not null;

    public Trouble? TroubleOf(CertificateName name)
    {
        try
        {
            return StateIn(TroubleFileOf(name)) is { } state ? JsonSerializer.Deserialize<Trouble>(state, JsonSerializerOptions.Web) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public async Task StoreAsync(CertificateName name, Trouble? trouble, CancellationToken cancellation)
    {
        if (trouble is null) File.Delete(TroubleFileOf(name));
        else await AtomicFile.WriteAsync(TroubleFileOf(name), JsonSerializer.Serialize(trouble, JsonSerializerOptions.Web), AtomicFile.Private, cancellation);
    }

    /// <summary>Leaves nothing of the name: key, chain, trouble.</summary>
    public void Remove(CertificateName name)
    {
        File.Delete(FileOf(name));
        File.Delete(FileOf(name) + ".new");
        File.Delete(TroubleFileOf(name));
        File.Delete(RevokedFileOf(name));
    }

    /// <summary>Hosts with a certificate's or a trouble's file, wanted or not.</summary>
    public IEnumerable<HostName> Stored() => Directory.EnumerateFiles(folders.Certificates, "*.pem").Concat(Directory.EnumerateFiles(folders.CertificateStates, "*.json"))
        .Select(file => HostName.TryParse(Path.GetFileNameWithoutExtension(file), out var host, out _) ? host : (HostName?)null).OfType<HostName>().Distinct();

    /// <summary>Wildcards with a file that no host's link leads to.</summary>
    public IEnumerable<CertificateName> UnusedWildcards()
    {
        const string prefix = "_wildcard.";
        foreach (var file in Directory.GetFiles(folders.Certificates, $"{prefix}*.pem"))
        {
            if (!HostName.TryParse(Path.GetFileNameWithoutExtension(file)[prefix.Length..], out var domain, out _)) continue;
            if (!Directory.EnumerateFiles(folders.Certificates).Any(host => new FileInfo(host).LinkTarget == Path.GetFileName(file))) yield return CertificateName.WildcardOf(domain);
        }
    }

    private string FileOf(CertificateName name) => Path.Combine(folders.Certificates, $"{name.FileName}.pem");

    private string RevokedFileOf(CertificateName name) => Path.Combine(folders.CertificateStates, $"{name.FileName}.revoked");

    public string TroubleFileOf(CertificateName name) => Path.Combine(folders.CertificateStates, $"{name.FileName}.json");
}
