using System.Globalization;
using System.Text;
using Boottify.Contracts.Edge;
using Boottify.Edge.Certificates;
using Boottify.Edge.Nginx;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Http;

/// <summary>For whoever watches: alive, ready to take and serve routes, and figures in Prometheus' text form.</summary>
public static class HealthAndMetrics
{
    public static void MapHealthAndMetrics(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", () => Results.Text("live"));
        endpoints.MapGet("/health/ready", ReadyAsync);
        endpoints.MapGet("/metrics", (DesiredState desired, CertificateKeeper certificates, NginxApplier applier, NginxProcess nginx, Generations generations) =>
            Results.Text(Figures(desired, certificates, applier, nginx, generations), "text/plain; version=0.0.4"));
    }

    private static async Task<IResult> ReadyAsync(GenerationProbe probe, NginxApplier applier, CancellationToken cancellation) =>
        applier.HasLooked && await probe.AskAsync(cancellation) is { } generation
            ? Results.Text($"ready, generation {generation}")
            : Results.Problem($"nginx does not serve yet. {applier.LastProblem ?? "It is being started; ask again in a moment."}", statusCode: StatusCodes.Status503ServiceUnavailable);

    private static string Figures(DesiredState desired, CertificateKeeper certificates, NginxApplier applier, NginxProcess nginx, Generations generations)
    {
        var hosts = certificates.All();
        var text = new StringBuilder();
        void Say(string name, string kind, string help, double value, string labels = "")
        {
            if (help.Length > 0) text.Append(CultureInfo.InvariantCulture, $"# HELP boottify_edge_{name} {help}\n# TYPE boottify_edge_{name} {kind}\n");
            text.Append(CultureInfo.InvariantCulture, $"boottify_edge_{name}{labels} {value}\n");
        }

        Say("routes", "gauge", "Apps that are to be served.", desired.Snapshot().Count);
        var help = "Hosts by the state of their certificate.";
        foreach (var state in Enum.GetValues<CertificateState>())
        {
            Say("hosts", "gauge", help, hosts.Count(host => host.Certificate == state), $"{{state=\"{state.ToString().ToLowerInvariant()}\"}}");
            help = "";
        }

        Say("certificates_issued_total", "counter", "Certificates issued and seen served since the start.", certificates.Issued);
        Say("certificate_failures_total", "counter", "Attempts that ended without a certificate since the start.", certificates.Failed);
        if (hosts.Where(host => host.NotAfter is not null).Min(host => host.NotAfter) is { } first)
            Say("certificate_first_expiry_seconds", "gauge", "Unix time at which the first certificate expires.", first.ToUnixTimeSeconds());
        Say("nginx_generation", "gauge", "Configuration that nginx was last given.", generations.Current ?? 0);
        Say("nginx_reloads_total", "counter", "Reloads since the start.", applier.Reloads);
        Say("nginx_workers", "gauge", "Workers that take connections.", nginx.ServingWorkers().Count);
        Say("nginx_leaving_workers", "gauge", "Workers that finish what they had before a reload.", nginx.LeavingWorkers());
        return text.ToString();
    }
}
