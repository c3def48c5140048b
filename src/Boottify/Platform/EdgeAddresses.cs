using System.Net;
using System.Net.Sockets;

namespace Boottify.Platform;

/// <summary>Where visitors reach the edges, from <c>BOOTTIFY_EDGE_ADDRESS</c>: IPv4 and IPv6 addresses with commas or spaces between.</summary>
public static class EdgeAddresses
{
    private const string Advice = "Set it to the addresses at which visitors reach the edges, with commas between, such as 192.0.2.7, 2001:db8::7.";

    /// <exception cref="InvalidOperationException">One is empty, malformed or there twice; the message says which and what to do.</exception>
    public static IReadOnlyList<IPAddress> Parse(string text)
    {
        var addresses = new List<IPAddress>();
        foreach (var part in text.Split(','))
        {
            var words = part.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                throw new InvalidOperationException($"BOOTTIFY_EDGE_ADDRESS is '{text}', which has an empty entry. {Advice}");
            foreach (var word in words)
            {
                var address = ParseOne(word);
                if (addresses.Contains(address))
                    throw new InvalidOperationException($"BOOTTIFY_EDGE_ADDRESS names {address} twice. Name each address once.");
                addresses.Add(address);
            }
        }

        return addresses;
    }

    public static bool IsIPv4(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    private static IPAddress ParseOne(string word)
    {
        // No port, prefix or zone: what is left is a name, or an address that a record can hold. Short and octal forms of IPv4 are
        // read differently by different programs.
        if (!word.All(c => char.IsAsciiHexDigit(c) || c is '.' or ':') || !IPAddress.TryParse(word, out var address) || (address.IsIPv4() && address.ToString() != word))
            throw new InvalidOperationException($"BOOTTIFY_EDGE_ADDRESS has '{word}', which is no IPv4 or IPv6 address. {Advice}");
        if (address.IsIPv4MappedToIPv6)
            throw new InvalidOperationException($"BOOTTIFY_EDGE_ADDRESS has '{word}', an IPv4 address in IPv6 form. Write {address.MapToIPv4()} instead.");
        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.IsIPv6Multicast || (address.IsIPv4() && address.GetAddressBytes()[0] >= 224))
            throw new InvalidOperationException($"BOOTTIFY_EDGE_ADDRESS has '{word}', at which nobody can be reached. {Advice}");
        return address;
    }
}
