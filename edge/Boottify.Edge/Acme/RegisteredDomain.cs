using Boottify.Edge.Routes;

namespace Boottify.Edge.Acme;

/// <summary>The domain that a CA counts a name under.</summary>
public static class RegisteredDomain
{
    private static readonly HashSet<string> s_secondLevel = ["ac", "co", "com", "edu", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"];

    /// <summary>
    /// The last two labels, or three under a country's usual second level (<c>co.uk</c>). The public suffix list knows more;
    /// where it differs, we wait a little longer than we must, or the CA says so itself and is heard.
    /// </summary>
    public static string Of(HostName name)
    {
        var labels = name.ToString().Split('.');
        var country = labels[^1].Length == 2 && labels.Length > 2 && s_secondLevel.Contains(labels[^2]);
        return string.Join('.', labels.TakeLast(country ? 3 : 2));
    }
}
