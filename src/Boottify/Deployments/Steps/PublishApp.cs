using Boottify.Contracts.Edge;
using Boottify.Dns;
using Boottify.Logs;
using Boottify.Platform;
using Boottify.Routes;

namespace Boottify.Deployments;

public static class PublishAppHandler
{
    /// <summary>
    /// The edge uses a connection for 3 s at most, and the nodes' rules are up to a second late: only after this time are all
    /// answers the new release's, though the old one's pods are out of the Service since the check.
    /// </summary>
    private static readonly TimeSpan LongestToOldPods = TimeSpan.FromSeconds(4);

    /// <summary>
    /// DNS record, route and certificate, in this order: the certificate's challenge is answered over the route and looked up
    /// through the record. All three are wishes that may be repeated.
    /// </summary>
    public static async Task<StepFigures> Handle(
        PublishApp command, StepInputs inputs, IDnsZone zone, IEdge edge, EdgeProbe probe, PlatformSettings settings,
        TimeProvider time, CancellationToken cancellation)
    {
        var input = await inputs.LoadAsync(command.DeploymentId, cancellation);
        var host = input.App.Names.Host(settings.Domain);
        var upstream = input.Deployment.Figures.Upstream ?? throw new InvalidOperationException("The app has no Service yet.");

        await zone.PublishAsync(host, settings.EdgeAddress, cancellation);
        await edge.PutRouteAsync(new AppRoute(input.App.Id, RouteVersion.Of(input.Deployment), upstream, [new RouteHost(host)]), cancellation);
        var certificate = await AwaitCertificateAsync(input, edge, host, cancellation);
        var check = input.Deployment.Steps.Find(step => step.Step == Step.Check)?.FinishedAt;
        if (input.Current.CurrentRelease is not null && check + LongestToOldPods - time.GetUtcNow() is { Ticks: > 0 } left)
            await Task.Delay(left, time, cancellation);
        await probe.RequireAnswerAsync(host, input.App.Settings.Health, cancellation);

        var url = settings.AppUrl(host).ToString();
        await input.Log.WriteAsync(LogOrigin.System, $"{url} answers.", cancellation);
        return new StepFigures { Url = url, CertificateEnds = certificate.NotAfter };
    }

    private static async Task<HostStatus> AwaitCertificateAsync(StepInput input, IEdge edge, string host, CancellationToken cancellation)
    {
        string? told = null;
        while (true)
        {
            var route = await edge.GetRouteAsync(input.App.Id, TimeSpan.FromSeconds(10), cancellation);
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
