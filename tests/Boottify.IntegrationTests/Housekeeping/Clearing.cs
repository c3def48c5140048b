using Boottify.Builds;
using Boottify.Cluster;

namespace Boottify.IntegrationTests.Housekeeping;

internal static class Clearing
{
    /// <summary>Until it is gone: pods may take longer than one call waits for them.</summary>
    public static Task DeletePatientlyAsync(this ICluster cluster, string @namespace) =>
        Patience.UntilAsync(() => cluster.DeleteNamespaceAsync(@namespace, TimeSpan.FromMinutes(1), CancellationToken.None), held => held is null);

    /// <summary>As the product does: the engine may go on removing an ended container for a while, and until then its image stays.</summary>
    public static Task DeletePatientlyAsync(this IImageBuilder images, string repository) => Patience.UntilAsync(
        async () =>
        {
            try
            {
                await images.DeleteRepositoryAsync(repository, CancellationToken.None);
                return null;
            }
            catch (PassingFaultException fault)
            {
                return fault.Message;
            }
        },
        held => held is null);
}
