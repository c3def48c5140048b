using Boottify.Cluster;
using Boottify.Cluster.Objects;
using k8s;

namespace Boottify.Tests.Cluster;

public class WorkloadObjectsTests
{
    [Fact]
    public void A_release_always_gives_the_same_deployment_so_that_putting_it_back_replaces_no_pod() =>
        Json(Workloads.Workload()).Should().Be(Json(Workloads.Workload()));

    [Theory]
    [InlineData(1, "1")]
    [InlineData(4, "1")]
    [InlineData(5, "2")]
    [InlineData(20, "5")]
    public void A_deployment_never_takes_a_pod_away_before_another_is_ready(int replicas, string atOnce)
    {
        var strategy = Build(Workloads.Workload(replicas)).Spec.Strategy.RollingUpdate;
        strategy.MaxUnavailable.Value.Should().Be("0");
        strategy.MaxSurge.Value.Should().Be(atOnce);
    }

    [Fact]
    public void A_pod_has_no_more_rights_than_it_needs()
    {
        var pod = Build(Workloads.Workload()).Spec.Template.Spec;
        pod.AutomountServiceAccountToken.Should().BeFalse();
        pod.EnableServiceLinks.Should().BeFalse();
        pod.SecurityContext.RunAsNonRoot.Should().BeTrue();
        pod.SecurityContext.SeccompProfile.Type.Should().Be("RuntimeDefault");
        var container = pod.Containers.Should().ContainSingle().Which;
        container.SecurityContext.AllowPrivilegeEscalation.Should().BeFalse();
        container.SecurityContext.Capabilities.Drop.Should().Equal("ALL");
        container.Resources.Limits.Keys.Should().BeEquivalentTo("cpu", "memory");
        container.Resources.Requests.Keys.Should().BeEquivalentTo("cpu", "memory");
    }

    [Fact]
    public void A_user_is_forced_only_when_asked()
    {
        Build(Workloads.Workload()).Spec.Template.Spec.SecurityContext.RunAsUser.Should().BeNull();
        Build(Workloads.Workload() with { RunAsUser = 1001 }).Spec.Template.Spec.SecurityContext.RunAsUser.Should().Be(1001);
    }

    [Fact]
    public void The_platforms_own_variables_win_over_the_apps() =>
        Build(Workloads.Workload()).Spec.Template.Spec.Containers[0].Env.Should().Contain(e => e.Name == "PORT" && e.Value == "3000").And.Contain(e => e.Name == "HOSTNAME" && e.Value == "0.0.0.0");

    [Fact]
    public void Every_release_rolls_the_pods_and_keeps_the_selector()
    {
        var first = Build(Workloads.Workload(deployment: "d1"));
        var second = Build(Workloads.Workload(deployment: "d2"));
        second.Spec.Selector.MatchLabels.Should().BeEquivalentTo(first.Spec.Selector.MatchLabels);
        first.Spec.Selector.MatchLabels.Should().BeSubsetOf(second.Spec.Template.Metadata.Labels);
        Json(Workloads.Workload(deployment: "d1")).Should().NotBe(Json(Workloads.Workload(deployment: "d2")));
    }

    [Fact]
    public void A_secret_never_stands_in_the_deployment() => Json(Workloads.Workload()).Should().NotContain("s3cret").And.NotContain("pushpass");

    [Fact]
    public void A_recent_cluster_sleeps_by_itself_and_an_older_one_runs_the_program_that_it_was_given()
    {
        var recent = WorkloadObjects.Deployment(Workloads.Workload(), Workloads.Recent, Workloads.Instance).Spec.Template.Spec;
        recent.Containers[0].Lifecycle.PreStop.Sleep.Seconds.Should().Be(5);
        recent.Volumes.Should().BeNull();
        AppEnvironment.ConfigMap(Workloads.Workload(), Workloads.Recent, Workloads.Instance).BinaryData.Should().BeNull();

        var old = Build(Workloads.Workload()).Spec.Template.Spec;
        var program = old.Containers[0].Lifecycle.PreStop.Exec.Command.Should().ContainSingle().Which;
        var mount = old.Containers[0].VolumeMounts.Should().ContainSingle().Which;
        var item = old.Volumes.Should().ContainSingle().Which.ConfigMap.Items.Should().ContainSingle().Which;
        program.Should().Be($"{mount.MountPath}/{item.Path}");
        AppEnvironment.ConfigMap(Workloads.Workload(), Workloads.Old, Workloads.Instance).BinaryData.Should().ContainKey(item.Key);
    }

    [Fact]
    public void The_time_to_stop_covers_the_draining()
    {
        var pod = Build(Workloads.Workload()).Spec.Template.Spec;
        pod.TerminationGracePeriodSeconds.Should().Be((long)(Draining.Delay + Draining.Grace).TotalSeconds);
    }

    [Fact]
    public void A_slow_start_is_waited_out_with_or_without_a_startup_probe()
    {
        var old = Build(Workloads.Workload()).Spec.Template.Spec.Containers[0];
        old.StartupProbe.Should().BeNull();
        old.LivenessProbe.InitialDelaySeconds.Should().Be(300);
        var recent = WorkloadObjects.Deployment(Workloads.Workload(), Workloads.Recent, Workloads.Instance).Spec.Template.Spec.Containers[0];
        (recent.StartupProbe.FailureThreshold * recent.StartupProbe.PeriodSeconds).Should().Be(300);
        recent.LivenessProbe.InitialDelaySeconds.Should().BeNull();
        recent.ReadinessProbe.PeriodSeconds.Should().Be(1);
        recent.ReadinessProbe.HttpGet.Path.Should().Be("/health");
    }

    private static k8s.Models.V1Deployment Build(AppWorkload workload) => WorkloadObjects.Deployment(workload, Workloads.Old, Workloads.Instance);

    private static string Json(AppWorkload workload) => KubernetesJson.Serialize(Build(workload));
}
