using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Boottify.Platform;
using Marten;

namespace Boottify.Access;

/// <summary>
/// Encrypts secrets under a key per team (AES-256-GCM), so that what lands in events is ciphertext, and dropping a team's
/// key shreds all its secrets. The teams' keys are stored wrapped by the platform's master key.
/// </summary>
public sealed class Vault(IDocumentStore store, PlatformSettings settings)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly ConcurrentDictionary<string, byte[]> keys = new(StringComparer.Ordinal);
    private readonly Lazy<byte[]> master = new(() => ReadMasterKey(settings.MasterKeyFile));

    /// <param name="context">What the secret is, such as <c>{appId}/env/NAME</c>; the same one opens it again.</param>
    public async Task<string> SealAsync(string teamId, string context, string plaintext, CancellationToken cancellation) =>
        Seal(await KeyOfAsync(teamId, cancellation), context, Encoding.UTF8.GetBytes(plaintext));

    /// <exception cref="CryptographicException">The text was not sealed for this team and context, or its key is gone.</exception>
    public async Task<string> OpenAsync(string teamId, string context, string sealedText, CancellationToken cancellation) =>
        Encoding.UTF8.GetString(Open(await KeyOfAsync(teamId, cancellation), context, sealedText));

    /// <summary>A new team's key, stored with whatever the session saves.</summary>
    public void AddKey(IDocumentOperations session, string teamId) =>
        session.Insert(new TeamKey(teamId, Seal(master.Value, teamId, RandomNumberGenerator.GetBytes(32))));

    private async Task<byte[]> KeyOfAsync(string teamId, CancellationToken cancellation)
    {
        if (keys.TryGetValue(teamId, out var known))
            return known;
        await using var session = store.QuerySession();
        var wrapped = await session.LoadAsync<TeamKey>(teamId, cancellation)
            ?? throw new CryptographicException($"Team {teamId} has no key: its secrets can no longer be read.");
        return keys[teamId] = Open(master.Value, teamId, wrapped.Wrapped);
    }

    private static string Seal(byte[] key, string context, byte[] plaintext)
    {
        var box = new byte[NonceBytes + plaintext.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(
            box.AsSpan(0, NonceBytes), plaintext, box.AsSpan(NonceBytes, plaintext.Length), box.AsSpan(NonceBytes + plaintext.Length),
            Encoding.UTF8.GetBytes(context));
        return Convert.ToBase64String(box);
    }

    private static byte[] Open(byte[] key, string context, string sealedText)
    {
        var box = Convert.FromBase64String(sealedText);
        var plaintext = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(
            box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, plaintext.Length), box.AsSpan(NonceBytes + plaintext.Length), plaintext,
            Encoding.UTF8.GetBytes(context));
        return plaintext;
    }

    private static byte[] ReadMasterKey(string file)
    {
        if (!File.Exists(file))
        {
            if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
            try
            {
                using var stream = new FileStream(file, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
                stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))));
                stream.Flush(flushToDisk: true);
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another node on this machine made it first.
            }
        }

        var key = Convert.FromBase64String(File.ReadAllText(file).Trim());
        return key.Length == 32
            ? key
            : throw new InvalidOperationException($"The master key in {file} is {key.Length} bytes long; it must be 32 bytes, in base64.");
    }
}

/// <param name="Id">The team's id.</param>
/// <param name="Wrapped">Its key, sealed by the master key.</param>
public sealed record TeamKey(string Id, string Wrapped);
