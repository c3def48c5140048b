using System.Globalization;
using Boottify.Builds;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>What a name server's response codes mean (RFC 1035, section 4.1.1; RFC 2136, section 2.2).</summary>
internal static class ResponseCodes
{
    /// <exception cref="ZoneRefusedException">It refuses.</exception>
    /// <exception cref="PassingFaultException">SERVFAIL: it cannot now.</exception>
    public static void RequireSuccess(WireMessage answer, string zone, string keyName, bool transfer)
    {
        var right = transfer
            ? $"the key {keyName} may not transfer zone {zone}: allow it (PowerDNS: TSIG-ALLOW-AXFR, BIND: allow-transfer)"
            : $"the key {keyName} may not update zone {zone}: allow it to write A and AAAA records (PowerDNS: dnsupdate=yes and TSIG-ALLOW-DNSUPDATE, BIND: update-policy)";
        // PowerDNS 4.7 says REFUSED or, to a transfer, NOTAUTH, unsigned and without a reason, whatever it finds wrong with a signature.
        var key = answer.Tsig is null ? $"it does not know the key {keyName} with the secret of {UpdateSettings.KeySecret}, or the clocks of both differ, or " : "";
        switch (answer.ResponseCode)
        {
            case 0:
                return;
            case 2:
                throw new PassingFaultException($"SERVFAIL: it fails at zone {zone}. Its own log says why");
            default:
                throw new ZoneRefusedException(answer.ResponseCode switch
                {
                    1 => "FORMERR: it does not understand the message",
                    4 => $"NOTIMP: it takes no {(transfer ? "zone transfers" : "dynamic updates")}",
                    5 => $"REFUSED: {key}{right}",
                    9 => $"NOTAUTH: {key}it is not the primary server of zone {zone}{(transfer ? $", or {right}" : "")}",
                    10 => $"NOTZONE: the name is not in its zone {zone}",
                    var other => string.Create(CultureInfo.InvariantCulture, $"it answers with code {other}"),
                });
        }
    }
}
