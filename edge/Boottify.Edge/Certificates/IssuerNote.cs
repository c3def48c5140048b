namespace Boottify.Edge.Certificates;

/// <summary>
/// Which authority issued a certificate: a line before its PEM, so that it goes wherever the certificate goes. It is
/// explanatory text (RFC 7468, 2), which OpenSSL, and with it nginx, passes over.
/// </summary>
public static class IssuerNote
{
    private const string Label = "Authority: ";

    /// <param name="directory">Of the authority; its place among the settings may change.</param>
    public static string Write(Uri directory, string pem) => $"{Label}{directory.AbsoluteUri}\n{pem}";

    /// <returns>The authority's directory; null when it is not said, as before there was this line.</returns>
    public static string? Read(string pem)
    {
        if (!pem.StartsWith(Label, StringComparison.Ordinal)) return null;
        var end = pem.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? null : pem[Label.Length..end].TrimEnd('\r');
    }
}
