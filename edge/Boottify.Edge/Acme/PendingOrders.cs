using System.Text.Json;
using Boottify.Edge.Files;

namespace Boottify.Edge.Acme;

/// <summary>
/// Orders under way, a file each with the order's address and the certificate's key, so that a restart goes on with them
/// instead of spending the CA's limits on new ones. Kept until the certificate is published or the order is lost.
/// </summary>
public sealed class PendingOrders(string folder)
{
    /// <param name="Key">The new certificate's private key, PKCS #8 PEM.</param>
    public sealed record Pending(Uri Order, string Key);

    public async Task<Pending?> FindAsync(string name, CancellationToken cancellation)
    {
        var file = FileOf(name);
        if (!File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize<Pending>(await File.ReadAllTextAsync(file, cancellation));
        }
        catch (JsonException)
        {
            File.Delete(file);
            return null;
        }
    }

    public async Task StoreAsync(string name, Pending order, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        await AtomicFile.WriteAsync(FileOf(name), JsonSerializer.Serialize(order), AtomicFile.Private, cancellation);
    }

    /// <summary>One that is not there is fine.</summary>
    public void Drop(string name)
    {
        if (File.Exists(FileOf(name))) File.Delete(FileOf(name));
    }

    private string FileOf(string name) => Path.Combine(folder, name + ".json");
}
