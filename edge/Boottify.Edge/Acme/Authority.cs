using Boottify.Edge.Certificates;
using Boottify.Edge.Challenges;
using Boottify.Edge.Files;

namespace Boottify.Edge.Acme;

/// <summary>One certificate authority, with what we have there: an account, orders under way, a budget. A folder of its own holds them.</summary>
public sealed class Authority : IDisposable
{
    private static readonly TimeSpan s_shortestRest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestRest = TimeSpan.FromMinutes(15);
    private readonly TimeProvider _clock;
    private volatile Pause? _rest;

    private sealed record Pause(DateTimeOffset Until, TimeSpan Time);

    public Authority(AuthoritySettings settings, EdgeFolders folders, ChallengeAnswers answers, TimeProvider clock, ILoggerFactory logs, RegisteredDomains domains)
    {
        (Settings, _clock) = (settings, clock);
        var folder = AcmeAccount.FolderOf(folders, settings.Directory);
        Transport = new AcmeTransport(AcmeHttp.Create(settings.Roots), settings.Directory, clock);
        Account = new AcmeAccount(Transport, settings, folder, logs.CreateLogger<AcmeAccount>());
        Pending = new PendingOrders(Path.Combine(folder, "orders"));
        Budget = new Budget(Path.Combine(folder, "budget"), settings.Limits, clock, domains);
        Order = new CertificateOrder(Transport, Account, Pending, new NameProof(Account, answers, clock), Budget, settings, clock);
    }

    public AuthoritySettings Settings { get; }
    public string Name => Settings.Name;
    public AcmeTransport Transport { get; }
    public AcmeAccount Account { get; }
    public PendingOrders Pending { get; }
    public Budget Budget { get; }
    public CertificateOrder Order { get; }

    /// <summary>It did not answer a while ago: whoever has a choice asks another one first.</summary>
    public bool Rests => _clock.GetUtcNow() < _rest?.Until;

    /// <summary>It could not be reached, or failed by itself.</summary>
    public void Rest()
    {
        if (Rests) return;
        var time = _rest is not { } last ? s_shortestRest : last.Time * 2 < s_longestRest ? last.Time * 2 : s_longestRest;
        _rest = new Pause(_clock.GetUtcNow() + time, time);
    }

    public void Answered() => _rest = null;

    public void Dispose()
    {
        Account.Dispose();
        Transport.Dispose();
    }
}

/// <summary>The authorities that certificates may come from.</summary>
/// <param name="Issuing">In the order in which they are asked.</param>
/// <param name="Staging">Where a name that has failed is tried first, so that its next failures cost nothing; null for none.</param>
public sealed record Authorities(IReadOnlyList<Authority> Issuing, Authority? Staging) : IDisposable
{
    public IEnumerable<Authority> All => Staging is null ? Issuing : Issuing.Append(Staging);

    /// <summary>Where it came from; null when that is no longer one of ours.</summary>
    public Authority? IssuerOf(PublishedCertificate certificate) =>
        certificate.Authority is { } directory ? Issuing.FirstOrDefault(one => one.Settings.Directory.AbsoluteUri == directory) : Issuing[0];

    /// <summary>What an order is a renewal of: a certificate of another authority is none to this one, whose limits count the order as a new one.</summary>
    public PublishedCertificate? Replaced(PublishedCertificate? before, Authority by) => before is not null && IssuerOf(before) == by ? before : null;

    public void Dispose()
    {
        foreach (var authority in All) authority.Dispose();
    }
}
