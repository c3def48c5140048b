using System.Text.RegularExpressions;
using Boottify.Builds;
using Boottify.Cluster;
using Boottify.Databases;
using Boottify.Dns;
using Boottify.Edge;
using Boottify.Platform;
using Boottify.Routes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Boottify.Tests.Compose;

/// <summary>The settings in docker-compose.yml, given to the very code that reads them when the programs start.</summary>
public partial class ComposeSettingsTests
{
    private static readonly ComposeFile Compose = ComposeFile.Read();

    // Read by the TLS library under the program, not by the program.
    private static readonly string[] ReadByTheRuntime = ["SSL_CERT_FILE"];

    [Fact]
    public void The_control_plane_accepts_them()
    {
        var settings = ControlPlane(Compose.Services["control-plane"].Environment);
        settings.AppUrl("shop.boottify.localhost").Should().Be("https://shop.boottify.localhost:8443/");
        settings.BootstrapToken.Should().StartWith("bt_").And.HaveLength(51);
    }

    [Fact]
    public void The_edge_accepts_them()
    {
        var settings = EdgeSettings.Read(Configuration(Compose.Services["edge"].Environment));
        settings.ListenEndPoint.ToString().Should().Be("10.77.0.20:7081");
        settings.HttpsPort.Should().Be(8443);
    }

    [Theory]
    [InlineData("control-plane", "src/Boottify")]
    [InlineData("edge", "edge/Boottify.Edge")]
    public void Each_one_is_a_name_that_the_program_reads(string service, string sources) =>
        Compose.Services[service].Environment.Keys.Except(ReadByTheRuntime).Should().BeSubsetOf(NamesRead(sources, AnyRead()));

    [Theory]
    [InlineData("control-plane", "src/Boottify")]
    [InlineData("edge", "edge/Boottify.Edge")]
    public void Each_name_that_the_program_cannot_do_without_is_given(string service, string sources) =>
        NamesRead(sources, RequiredRead()).Should().HaveCountGreaterThan(5).And.BeSubsetOf(Compose.Services[service].Environment.Keys);

    [Fact]
    public void A_required_one_that_is_left_out_is_noticed()
    {
        foreach (var name in NamesRead("src/Boottify", RequiredRead()))
        {
            var without = Compose.Services["control-plane"].Environment;
            without.Remove(name);
            var start = () => ControlPlane(without);
            start.Should().Throw<InvalidOperationException>().WithMessage($"*{name}*");
        }
    }

    private static PlatformSettings ControlPlane(Dictionary<string, string> environment)
    {
        // The one value that must name a file of this machine when it is read.
        var kubeconfig = Path.GetTempFileName();
        try
        {
            if (environment.ContainsKey("KUBECONFIG"))
                environment["KUBECONFIG"] = kubeconfig;
            var configuration = Configuration(environment);
            BuildSettings.From(configuration);
            ClusterSettings.From(configuration);
            new ServiceCollection().AddAppDatabases(configuration).AddDnsZone(configuration).AddEdge(configuration);
            return PlatformSettings.From(configuration);
        }
        finally
        {
            File.Delete(kubeconfig);
        }
    }

    private static IConfiguration Configuration(Dictionary<string, string> environment) =>
        new ConfigurationBuilder().AddInMemoryCollection(environment.Select(e => KeyValuePair.Create(e.Key, (string?)e.Value))).Build();

    private static HashSet<string> NamesRead(string folder, Regex pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(ComposeFile.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Internal/", StringComparison.Ordinal))
            .SelectMany(file => pattern.Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value)];

    [GeneratedRegex("""([cC]onfiguration\[|GetValue\(|Optional\(|Number\(|May\(|Required\(|\.Read\(|Need\(|Port\(|Address\()"(?<name>KUBECONFIG|[A-Z]+_[A-Z_]+)\x22""")]
    private static partial Regex AnyRead();

    [GeneratedRegex("""(Required\(|\.Read\(|Need\(|Port\(|Address\()"(?<name>KUBECONFIG|[A-Z]+_[A-Z_]+)\x22""")]
    private static partial Regex RequiredRead();
}
