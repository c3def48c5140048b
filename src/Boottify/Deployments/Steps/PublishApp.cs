using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Domains;
using Boottify.Logs;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Deployments;

public static class PublishAppHandler
{
    /// <summary>
    /// DNS record, route and certificate, in this order: the certificate's challenge is answered over the route and looked up
    /// through the record. All three are wishes that may be repeated. Side by side with them it waits until no connection to an
    /// old pod can be in use; then the app is asked as its visitors do, and whoever answers is the new release.
    /// </summary>
    public static async Task<StepFigures> Handle(
        PublishApp command, StepInputs inputs, IDnsZone zone, IEdge edge, AppRoutes routes, AppDomains domains, EdgeProbe probe, OldConnections old,
        PlatformSettings settings, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var hosts = input.Hosts(settings);
        var host = hosts[0];
        var upstream = input.Deployment.Figures.Upstream ?? throw new InvalidOperationException("The app has no Service yet.");

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // A first release has no old pods, and nobody asks for it yet.
        var gone = input.Current.CurrentRelease is null
            ? Task.CompletedTask
            : old.AwaitGoneAsync(await inputs.WorkloadAsync(input, cancellation), inputs.FenceOf(input), both.Token);
        HostStatus certificate;
        try
        {
            foreach (var own in hosts.Where(settings.IsOurs))
                await zone.PublishAsync(own, settings.EdgeAddresses, cancellation);
            (_, hosts, var refused) = await routes.PutAsync(input.App.Id, RouteVersion.Of(input.Deployment), upstream, cancellation);
            await domains.LeftOutAsync(input.App, refused, input.Log, cancellation);
            certificate = await AwaitCertificateAsync(input, edge, host, cancellation);
            await gone;
        }
        finally
        {
            // It writes to the cluster: nothing of it may be under way once this step is over.
            await both.CancelAsync();
            await gone.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await probe.RequireAnswerAsync(host, input.App.Settings.Health, cancellation);

        var url = settings.AppUrl(host).ToString();
        await input.Log.WriteAsync(LogOrigin.System, $"{url} answers.", cancellation);
        foreach (var waiting in await domains.WaitingAsync(input.App.Id, cancellation))
            await input.Log.WriteAsync(LogOrigin.System, $"The domain {waiting.Host} is pending: {waiting.Reason ?? "its DNS is being looked at."}", cancellation);
        return new StepFigures { Url = url, Hosts = [.. hosts], CertificateEnds = certificate.NotAfter };
    }

    private static async Task<HostStatus> AwaitCertificateAsync(StepInput input, IEdge edge, string host, CancellationToken cancellation)
    {
        string? told = null;
        for (var wait = TimeSpan.Zero; ; wait = TimeSpan.FromSeconds(2))
        {
            // Not long: it would also wait for the certificates of custom domains, which hold nothing up.
            var route = await edge.GetRouteAsync(input.App.Id, wait, cancellation);
            var status = route?.Hosts.FirstOrDefault(h => string.Equals(h.Host, host, StringComparison.Ordinal));
            if (status is { Certificate: CertificateState.Active })
                return status;
            if (status?.Reason is { } reason && !string.Equals(reason, told, StringComparison.Ordinal))
                await input.Log.WriteAsync(LogOrigin.System, $"Waiting for the certificate of {host}: {told = reason}", cancellation);
            if (status is null or { Certificate: CertificateState.Failed })
                await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }
    }
}
