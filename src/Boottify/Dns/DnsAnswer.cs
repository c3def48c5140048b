using DnsClient;

namespace Boottify.Dns;

public enum AnswerKind
{
    /// <summary>Records of the type that was asked for.</summary>
    Found,

    /// <summary>A CNAME instead.</summary>
    Alias,

    /// <summary>The name exists without such records.</summary>
    NoData,

    /// <summary>NXDOMAIN.</summary>
    NoName,

    /// <summary>SERVFAIL or another failure of the servers' own.</summary>
    Failing,

    /// <summary>REFUSED: the servers know nothing of the zone.</summary>
    Refused,

    /// <summary>No server answers.</summary>
    Silent,
}

/// <summary>What a zone's own servers say.</summary>
/// <param name="Name">That was asked for.</param>
/// <param name="Server">Who said it, or did not: address and port.</param>
/// <param name="Values">Of <see cref="AnswerKind.Found"/>: addresses, texts, or "flags tag value" of CAA. Of <see cref="AnswerKind.Alias"/>: the target.</param>
public sealed record DnsAnswer(AnswerKind Kind, string Name, QueryType Type, string Server, IReadOnlyList<string> Values)
{
    public DnsAnswer(AnswerKind kind, string name, QueryType type, string server)
        : this(kind, name, type, server, [])
    {
    }

    /// <summary>Whether it says for sure that there are no such records.</summary>
    public bool SaysNone => Kind is AnswerKind.NoData or AnswerKind.NoName;

    /// <summary>Whether it says nothing about the name at all.</summary>
    public bool SaysNothing => Kind is AnswerKind.Failing or AnswerKind.Refused or AnswerKind.Silent;
}
