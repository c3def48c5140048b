namespace Boottify.Benchmarks.Edge;

/// <summary>What the edge's benchmarks share: a folder that nginx's workers can pass through, removed in the end, certificates and sites.</summary>
internal sealed class Bench : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("boottify-edge-bench-");
    private readonly IReadOnlyList<string> pems = BenchCertificates.Make(8);

    public Bench() => folder.UnixFileMode |= UnixFileMode.OtherExecute | UnixFileMode.GroupExecute;

    public string New(string name) => Directory.CreateDirectory(Path.Combine(folder.FullName, name)).FullName;

    /// <summary>One of a few keys with chains, each good for all names of <see cref="BenchCertificates.Zone"/>.</summary>
    public string Pem(int number) => pems[number % pems.Count];

    /// <summary>As custom domains are: each its own app, at an address of its own. Nothing listens there.</summary>
    public static BenchedSite Site(int number, string? upstream = null) => new(
        $"app-{number:00000}", $"www-customer-{number:00000}.{BenchCertificates.Zone}",
        upstream ?? $"127.{1 + (number / 62500)}.{number / 250 % 250}.{(number % 250) + 1}:3000");

    public void Dispose() => folder.Delete(recursive: true);
}
