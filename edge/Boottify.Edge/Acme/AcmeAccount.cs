using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Boottify.Edge.Files;

namespace Boottify.Edge.Acme;

/// <summary>
/// The edge's account at one CA, a folder on disk: <c>account.pem</c> (the key, written before the CA hears of it) and
/// <c>account.url</c>. A crash between the two is harmless: the same key gets the same account again. A CA that has
/// forgotten the account is given it anew, and one that has ended it gets another one, with another key.
/// </summary>
public sealed class AcmeAccount(AcmeTransport transport, AuthoritySettings settings, string folder, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private AccountKey? _key;
    private string? _url;

    private string KeyFile => Path.Combine(folder, "account.pem");
    /// <summary>The key of an account that is being ended.</summary>
    private string LeavingFile => KeyFile + ".leaving";
    private string UrlFile => Path.Combine(folder, "account.url");

    /// <summary>Where an ACME directory's account lives.</summary>
    public static string FolderOf(EdgeFolders folders, Uri directory) =>
        Path.Combine(folders.Acme, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(directory.AbsoluteUri)))[..16]);

    public async Task<AccountKey> KeyAsync(CancellationToken cancellation) => (await EnsureAsync(cancellation)).Key;

    /// <summary>A request signed by the account, made again once if the CA does not know the account any more, or refuses it.</summary>
    public async Task<AcmeAnswer> PostAsync(Uri url, string payload, CancellationToken cancellation, string? accept = null)
    {
        var (key, account) = await EnsureAsync(cancellation);
        try
        {
            return await transport.PostAsync(key, account, url, payload, cancellation, accept);
        }
        catch (AcmeException e) when (e.Problem.Type is "accountDoesNotExist" or "unauthorized")
        {
            log.LogWarning("The certificate authority does not know account {Account} any more, or refuses it; unless it is found, it is registered again with the same key: {Reason}", account, e.Message);
            await ForgetAsync(account, cancellation);
            (key, account) = await EnsureAsync(cancellation);
            return await transport.PostAsync(key, account, url, payload, cancellation, accept);
        }
    }

    /// <summary>Gives the account a new key (RFC 8555, 7.3.5). A crash in between leaves the new key in <c>account.pem.next</c>, which the next try uses.</summary>
    public async Task RollKeyAsync(CancellationToken cancellation)
    {
        var (old, account) = await EnsureAsync(cancellation);
        var next = KeyFile + ".next";
        if (!File.Exists(next)) await AtomicFile.WriteAsync(next, NewKey(), AtomicFile.Private, cancellation);
        var key = AccountKey.FromPem(await File.ReadAllTextAsync(next, cancellation));
        var url = await transport.AddressOfAsync("keyChange", cancellation);
        var change = new JsonObject { ["account"] = account, ["oldKey"] = JsonNode.Parse(old.Jwk) };
        try
        {
            await transport.PostAsync(old, account, url, Jws.Sign(key, null, url, null, change.ToJsonString()), cancellation);
        }
        catch (AcmeException)
        {
            _key = null; // Whether the CA has taken the new one is not known: looked at before the next request.
            throw;
        }

        await _one.WaitAsync(cancellation);
        try
        {
            File.Move(next, KeyFile, overwrite: true);
            Posix.SyncFolder(folder);
            _key = key;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Ends the account for good (RFC 8555, 7.3.6). The next order registers a new one, with a new key. The old key goes aside
    /// before the CA hears of it: when the answer is lost, the next request finds out whether the account is still there.
    /// </summary>
    public async Task DeactivateAsync(CancellationToken cancellation)
    {
        var (key, account) = await EnsureAsync(cancellation);
        await _one.WaitAsync(cancellation);
        try
        {
            File.Delete(UrlFile);
            File.Delete(KeyFile + ".next");
            File.Move(KeyFile, LeavingFile, overwrite: true);
            Posix.SyncFolder(folder);
            (_key, _url) = (null, null);
            try
            {
                await transport.PostAsync(key, account, new Uri(account), """{"status":"deactivated"}""", CancellationToken.None);
            }
            catch (AcmeException e) when (e.Problem.Type is "accountDoesNotExist" or "unauthorized")
            {
                // Ended before, by a request whose answer was lost.
            }

            File.Delete(LeavingFile);
            log.LogWarning("Account {Account} was deactivated", account);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<(AccountKey Key, string Url)> EnsureAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            Directory.CreateDirectory(folder);
            if (!File.Exists(KeyFile)) await SettleLeavingAsync(cancellation);
            var isNew = !File.Exists(KeyFile);
            if (isNew) await AtomicFile.WriteAsync(KeyFile, NewKey(), AtomicFile.Private, cancellation);
            if (_key is null && await AdoptNextKeyAsync(cancellation) is null) _key = AccountKey.FromPem(await File.ReadAllTextAsync(KeyFile, cancellation));
            _url ??= File.Exists(UrlFile) ? await File.ReadAllTextAsync(UrlFile, cancellation) : null;
            // An account that the CA has is found by its key, whatever a new one would need.
            _url ??= isNew ? null : await FindAsync(_key!, cancellation);
            try
            {
                _url ??= await RegisterAsync(_key!, cancellation);
            }
            catch (AcmeException e) when (!isNew && e.Problem.Type == "unauthorized")
            {
                log.LogWarning("The certificate authority has ended the account of this key; another one is registered, with another key: {Reason}", e.Message);
                await AtomicFile.WriteAsync(KeyFile, NewKey(), AtomicFile.Private, cancellation);
                _key = AccountKey.FromPem(await File.ReadAllTextAsync(KeyFile, cancellation));
                _url = await RegisterAsync(_key, cancellation);
            }

            return (_key!, _url);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>After a deactivation of unknown outcome: if the CA still has the account, it is ours as before.</summary>
    private async Task SettleLeavingAsync(CancellationToken cancellation)
    {
        if (!File.Exists(LeavingFile)) return;
        using var key = AccountKey.FromPem(await File.ReadAllTextAsync(LeavingFile, cancellation));
        if (await FindAsync(key, cancellation) is null) File.Delete(LeavingFile);
        else File.Move(LeavingFile, KeyFile);
        Posix.SyncFolder(folder);
    }

    /// <summary>After a crash in the middle of a key change: if the CA has taken the new key, it is the account's.</summary>
    private async Task<string?> AdoptNextKeyAsync(CancellationToken cancellation)
    {
        var next = KeyFile + ".next";
        if (!File.Exists(next)) return null;
        var key = AccountKey.FromPem(await File.ReadAllTextAsync(next, cancellation));
        if (await FindAsync(key, cancellation) is not { } account) return null;
        File.Move(next, KeyFile, overwrite: true);
        Posix.SyncFolder(folder);
        (_key, _url) = (key, account);
        return account;
    }

    /// <returns>The address of the account with this key, or null if the CA has none.</returns>
    private async Task<string?> FindAsync(AccountKey key, CancellationToken cancellation)
    {
        transport.Forget(); // A server that lost its accounts has lost its nonces, and may have moved its addresses.
        try
        {
            var answer = await transport.PostAsync(key, null, await transport.AddressOfAsync("newAccount", cancellation), """{"onlyReturnExisting":true}""", cancellation);
            if (answer.Location?.AbsoluteUri is not { } location || answer.Json.Text("status") is "deactivated" or "revoked") return null;
            await AtomicFile.WriteAsync(UrlFile, location, AtomicFile.Private, cancellation);
            return location;
        }
        catch (AcmeException e) when (e.Problem.Status is >= 400 and < 500 and not 429)
        {
            return null;
        }
    }

    private async Task<string> RegisterAsync(AccountKey key, CancellationToken cancellation)
    {
        var url = await transport.AddressOfAsync("newAccount", cancellation);
        var account = new JsonObject { ["termsOfServiceAgreed"] = true };
        if (settings.Contact is { } contact) account["contact"] = new JsonArray($"mailto:{contact}");
        if (settings is { EabKeyId: { } id, EabKey: { } secret }) account["externalAccountBinding"] = JsonNode.Parse(Jws.BindExternally(key, id, secret, url));
        var directory = await transport.DirectoryAsync(cancellation);
        if (directory["meta"]?["externalAccountRequired"]?.GetValueKind() == JsonValueKind.True && account["externalAccountBinding"] is null)
            throw AcmeException.Because("This certificate authority wants an external account. Set BOOTTIFY_ACME_EAB_KID and BOOTTIFY_ACME_EAB_KEY to what it gave you.");

        var answer = await transport.PostAsync(key, null, url, account.ToJsonString(), cancellation);
        var location = answer.Location?.AbsoluteUri ?? throw AcmeException.Because("The certificate authority gave the account no address.");
        await AtomicFile.WriteAsync(UrlFile, location, AtomicFile.Private, cancellation);
        log.LogInformation("Registered at the certificate authority as {Account}", location);
        return location;
    }

    private async Task ForgetAsync(string account, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_url != account) return; // Another order has registered it again already.
            _url = null;
            File.Delete(UrlFile);
        }
        finally
        {
            _one.Release();
        }
    }

    private static string NewKey()
    {
        using var key = AccountKey.Create();
        return key.ToPem();
    }

    public void Dispose()
    {
        _one.Dispose();
        _key?.Dispose();
    }
}
