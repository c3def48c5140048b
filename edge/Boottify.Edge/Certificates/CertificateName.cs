using Boottify.Edge.Routes;

namespace Boottify.Edge.Certificates;

/// <summary>The one name that a certificate is for: a host, or all hosts one label below a domain.</summary>
/// <param name="Domain">The host itself, or what stands after <c>*.</c>.</param>
public readonly record struct CertificateName(HostName Domain, bool Wildcard)
{
    public static implicit operator CertificateName(HostName host) => new(host, false);

    public static CertificateName WildcardOf(HostName domain) => new(domain, true);

    /// <summary>Without extension. No host's file has such a name: an underscore is in none.</summary>
    public string FileName => Wildcard ? $"_wildcard.{Domain}" : Domain.ToString();

    /// <summary>As it stands in the certificate.</summary>
    public override string ToString() => Wildcard ? $"*.{Domain}" : Domain.ToString();

    /// <summary>A wildcard stands for exactly one label (RFC 6125, 6.4.3).</summary>
    public bool Covers(HostName host)
    {
        var (name, domain) = (host.ToString(), Domain.ToString());
        if (!Wildcard) return name == domain;
        return name.Length > domain.Length + 1 && name.IndexOf('.', StringComparison.Ordinal) == name.Length - domain.Length - 1
            && name.EndsWith(domain, StringComparison.Ordinal);
    }
}
