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
        var hosts = certificates.All().Where(host => !host.Host.StartsWith('*')).ToList();
        var text = new StringBuilder();
        void Say(string name, string kind, string help, double value, string labels = "")
        {
            if (help.Length > 0) text.Append(CultureInfo.InvariantCulture, $"# HELP boottify_edge_{name} {help}\n# TYPE boottify_edge_{name} {kind}\n");
            text.Append(CultureInfo.InvariantCulture, $"boottify_edge_{name}{labels} {value}\n");
        }

        void Group(string name, string kind, string help, IEnumerable<(string Labels, double Value)> values)
        {
            foreach (var (labels, value) in values)
            {
                Say(name, kind, help, value, labels);
                help = "";
            }
        }

        Say("routes", "gauge", "Apps that are to be served.", desired.Snapshot().Count);
        Group("hosts", "gauge", "Hosts by the state of their certificate.",
            Enum.GetValues<CertificateState>().Select(state => ($"{{state=\"{state.ToString().ToLowerInvariant()}\"}}", (double)hosts.Count(host => host.Certificate == state))));

        Say("certificates_issued_total", "counter", "Certificates issued and seen served since the start.", certificates.Issued);
        Say("certificate_failures_total", "counter", "Attempts that ended without a certificate since the start.", certificates.Failed);
        var report = certificates.Report();
        Say("certificates_in_danger", "gauge", "Certificates near their end that were not renewed: see /v1/certificates.", report.Alarms.Count);
        Group("certificates", "gauge", "Certificates by what is left of their life.", report.TimeLeft.Select(span => ($"{{left=\"{span.Left}\"}}", (double)span.Count)));
        Group("renewals_due", "gauge", "Certificates to be renewed on each of the coming days, 0 for today.", report.Renewals.Take(14).Select((day, ahead) => ($"{{days=\"{ahead}\"}}", (double)day.Count)));
        Group("authority_orders", "gauge", "New orders of the last three hours.", report.Authorities.Select(one => ($"{{authority=\"{one.Name}\"}}", (double)one.Orders)));
        Group("authority_rests", "gauge", "1 while the authority is not asked first, since it did not answer.", report.Authorities.Select(one => ($"{{authority=\"{one.Name}\"}}", one.Rests ? 1.0 : 0)));
        if (hosts.Where(host => host.NotAfter is not null).Min(host => host.NotAfter) is { } first)
            Say("certificate_first_expiry_seconds", "gauge", "Unix time at which the first certificate expires.", first.ToUnixTimeSeconds());
        Say("nginx_generation", "gauge", "Configuration that nginx was last given.", generations.Current ?? 0);
        Say("nginx_reloads_total", "counter", "Reloads since the start.", applier.Reloads);
        Say("nginx_workers", "gauge", "Workers that take connections.", nginx.ServingWorkers().Count);
        Say("nginx_leaving_workers", "gauge", "Workers that finish what they had before a reload.", nginx.LeavingWorkers());
        return text.ToString();
    }
}
