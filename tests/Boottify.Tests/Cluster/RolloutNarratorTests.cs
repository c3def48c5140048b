using Boottify.Cluster.Rollout;
using k8s.Models;

namespace Boottify.Tests.Cluster;

public class RolloutNarratorTests
{
    [Theory]
    [InlineData("Scheduled", "Successfully assigned app-x/p to node-7", "Pod p has a node: node-7.")]
    [InlineData("Pulled", "Container image \"x\" already present on machine", "Pod p: the image is on the node already.")]
    [InlineData("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "Pod p is not ready yet: readiness probe GET /health on port 3000 answered 503.")]
    [InlineData("Created", "Created container app", null)]
    [InlineData("SomethingNew", "of later versions", "Pod p: SomethingNew: of later versions")]
    public void An_event_is_told_in_human_words(string reason, string message, string? words) =>
        RolloutNarrator.Words(new Corev1Event { Reason = reason, Message = message, InvolvedObject = new V1ObjectReference { Name = "p" } }, Workloads.Workload()).Should().Be(words);

    [Fact]
    public void Refusals_of_one_pod_after_another_read_the_same_so_that_they_are_told_once()
    {
        static string? Told(string pod) => RolloutNarrator.Words(
            new Corev1Event { Reason = "FailedCreate", Message = $"Error creating: pods \"{pod}\" is forbidden: exceeded quota: app, requested: pods=1", InvolvedObject = new V1ObjectReference { Name = "set" } },
            Workloads.Workload());
        Told("app-1").Should().Be(Told("app-2")).And.Contain("exceeded quota: app");
    }
}
