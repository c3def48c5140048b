using Boottify.Builds;
using Boottify.Cluster;
using Polly.Timeout;

namespace Boottify.IntegrationTests.Housekeeping;

internal static class Clearing
{
    /// <summary>Until it is gone: pods may take longer than one call waits for them.</summary>
    public static Task DeletePatientlyAsync(this ICluster cluster, string @namespace) =>
        UntilFreeAsync(() => cluster.DeleteNamespaceAsync(@namespace, TimeSpan.FromMinutes(1), CancellationToken.None));

    /// <summary>As the product does: the engine may go on removing an ended container for a while, and until then its image stays.</summary>
    public static Task DeletePatientlyAsync(this IImageBuilder images, string repository) => UntilFreeAsync(async () =>
    {
        await images.DeleteRepositoryAsync(repository, CancellationToken.None);
        return null;
    });

    /// <summary>Again, too, when a busy machine's registry or API server did not answer in the product's time.</summary>
    private static Task UntilFreeAsync(Func<Task<string?>> delete) => Patience.UntilAsync(
        async () =>
        {
            try
            {
                return await delete();
            }
            catch (Exception fault) when (fault is PassingFaultException or HttpRequestException or TimeoutRejectedException)
            {
                return fault.Message;
            }
        },
        held => held is null);
}
