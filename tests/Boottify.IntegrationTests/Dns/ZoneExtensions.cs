using Boottify.Dns;
using Boottify.Platform;

namespace Boottify.IntegrationTests.Dns;

internal static class ZoneExtensions
{
    /// <param name="addresses">As in <c>BOOTTIFY_EDGE_ADDRESS</c>.</param>
    public static Task PublishAsync(this IDnsZone zone, string host, string addresses, CancellationToken cancellation) =>
        zone.PublishAsync(host, EdgeAddresses.Parse(addresses), cancellation);
}
