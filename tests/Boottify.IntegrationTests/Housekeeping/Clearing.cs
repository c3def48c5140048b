using Boottify.Builds;

namespace Boottify.IntegrationTests.Housekeeping;

internal static class Clearing
{
    /// <summary>As the product does: the engine may go on removing an ended container for a while, and until then its image stays.</summary>
    public static Task DeletePatientlyAsync(this IImageBuilder images, string repository) => Patience.UntilAsync(async () =>
    {
        try
        {
            await images.DeleteRepositoryAsync(repository, CancellationToken.None);
            return true;
        }
        catch (PassingFaultException)
        {
            return false;
        }
    });
}
