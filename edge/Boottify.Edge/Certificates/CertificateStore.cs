using System.Security.Cryptography;
using System.Text.Json;
using Boottify.Edge.Acme;
using Boottify.Edge.Files;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>
/// Certificates as nginx's workers open them at each handshake: one PEM file a host with key and chain, so that the two
/// always fit, readable by the workers' group alone. Beside it, for a host that has trouble, how often and until when.
/// </summary>
public sealed class CertificateStore(EdgeFolders folders, TimeProvider clock, ILogger<CertificateStore> log)
{
    private const int LargestFile = 1 << 20;

    /// <param name="Failures">In a row, since the last success.</param>
    public sealed record Trouble(int Failures, string Reason, DateTimeOffset NextAttempt);

    /// <summary>What is on disk for the host; a file that cannot be used is said and counts as none.</summary>
    public PublishedCertificate? Find(HostName host)
    {
        var file = FileOf(host);
        if (!File.Exists(file)) return null;
        try
        {
            // A file of ours is small; whatever else it became is not read into memory.
            if (new FileInfo(file).Length > LargestFile) throw AcmeException.Because("The file is too large.");
            var pem = File.ReadAllText(file);
            return PublishedCertificate.Check(new IssuedCertificate(pem, pem), host, clock.GetUtcNow(), chainToo: false).Certificate;
        }
        catch (Exception e) when (e is AcmeException or ArgumentException or CryptographicException)
        {
            log.LogWarning("The certificate file of {Host} cannot be used, a new one is ordered: {Problem}", host, e.Message);
            return null;
        }
    }

    /// <summary>Differs when the file is another one than before.</summary>
    public (DateTime Written, long Length) StampOf(HostName host) => new FileInfo(FileOf(host)) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    /// <summary>From its next handshake on, nginx serves it. No reload.</summary>
    public Task PublishAsync(HostName host, string pem, CancellationToken cancellation) =>
        AtomicFile.WriteAsync(FileOf(host), pem, AtomicFile.GroupReadable, cancellation);

    public Trouble? TroubleOf(HostName host)
    {
        var file = TroubleFileOf(host);
        if (!File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize<Trouble>(File.ReadAllText(file), JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public async Task StoreAsync(HostName host, Trouble? trouble, CancellationToken cancellation)
    {
        if (trouble is null) File.Delete(TroubleFileOf(host));
        else await AtomicFile.WriteAsync(TroubleFileOf(host), JsonSerializer.Serialize(trouble, JsonSerializerOptions.Web), AtomicFile.Private, cancellation);
    }

    /// <summary>Leaves nothing of the host: key, chain, trouble.</summary>
    public void Remove(HostName host)
    {
        File.Delete(FileOf(host));
        File.Delete(FileOf(host) + ".new");
        File.Delete(TroubleFileOf(host));
    }

    /// <summary>Hosts with a file, wanted or not.</summary>
    public IEnumerable<HostName> Stored() => Directory.EnumerateFiles(folders.Certificates, "*.pem")
        .Select(file => HostName.TryParse(Path.GetFileNameWithoutExtension(file), out var host, out _) ? host : (HostName?)null).OfType<HostName>();

    private string FileOf(HostName host) => Path.Combine(folders.Certificates, $"{host}.pem");

    private string TroubleFileOf(HostName host) => Path.Combine(folders.CertificateStates, $"{host}.json");
}
