using Boottify.Edge.Routes;

namespace Boottify.Edge.Acme;

/// <summary>The domain that a CA counts a name under: what the public suffix list says, or a guess where there is none.</summary>
public sealed class RegisteredDomains
{
    /// <summary>Where Debian's package <c>publicsuffix</c> puts it.</summary>
    public const string UsualList = "/usr/share/publicsuffix/public_suffix_list.dat";

    private static readonly HashSet<string> s_secondLevel = ["ac", "co", "com", "edu", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"];
    private readonly PublicSuffixList? _list;

    private RegisteredDomains(PublicSuffixList? list) => _list = list;

    /// <summary>Without a list.</summary>
    public static RegisteredDomains Guessed { get; } = new(null);

    /// <summary>Once for all: a file that is missing or broken is told here, and then they are guessed.</summary>
    public static RegisteredDomains Read(string file, ILogger log)
    {
        try
        {
            return new RegisteredDomains(PublicSuffixList.Read(file));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            log.LogWarning("The public suffix list {File} cannot be used, and the domains that certificate authorities count under are guessed. Install Debian's package publicsuffix, or set BOOTTIFY_PUBLIC_SUFFIX_LIST: {Problem}", file, e.Message);
            return Guessed;
        }
    }

    public string Of(HostName name) => _list?.RegisteredDomainOf(name) ?? Guess(name);

    /// <summary>
    /// The last two labels, or three under a country's usual second level (<c>co.uk</c>). Where the list would say something
    /// else, we wait a little longer than we must, or the CA says so itself and is heard.
    /// </summary>
    private static string Guess(HostName name)
    {
        var labels = name.ToString().Split('.');
        var country = labels[^1].Length == 2 && labels.Length > 2 && s_secondLevel.Contains(labels[^2]);
        return string.Join('.', labels.TakeLast(country ? 3 : 2));
    }
}
