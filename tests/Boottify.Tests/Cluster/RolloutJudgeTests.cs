using Boottify.Cluster;
using Boottify.Cluster.Objects;
using Boottify.Cluster.Rollout;
using k8s.Models;

namespace Boottify.Tests.Cluster;

public class RolloutJudgeTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Nothing_is_judged_before_all_has_been_seen()
    {
        var view = new RolloutView(Workloads.Workload()) { Pods = [], Deployments = [] };
        new RolloutJudge(view).Judge(Start).Should().Be(new Verdict(false));
    }

    [Fact]
    public void It_succeeds_when_the_new_pods_are_ready_with_the_digest_and_only_they_are_sent_to() =>
        Judge(View([Pod("new", ready: true)], serving: ["new"])).Succeeded.Should().BeTrue();

    [Theory]
    [InlineData("new", "old")]
    [InlineData]
    public void It_waits_while_an_old_pod_is_sent_to_or_the_new_one_is_not(params string[] serving) =>
        Judge(View([Pod("new", ready: true), Pod("old", ready: true, deployment: "d0")], serving)).Should().Be(new Verdict(false));

    [Fact]
    public void It_waits_while_the_controller_has_not_seen_the_new_wish() =>
        Judge(View([Pod("new", ready: true)], serving: ["new"], observed: 1, generation: 2)).Should().Be(new Verdict(false));

    [Fact]
    public void A_ready_pod_with_another_digest_is_no_success() =>
        Judge(View([Pod("new", ready: true, imageId: "docker-pullable://registry:5000/apps/k1234567@sha256:other")], serving: ["new"])).Succeeded.Should().BeFalse();

    [Fact]
    public void Where_a_later_deployment_took_its_place_it_says_so()
    {
        var view = View([], serving: []);
        view.Deployments!.Single().Metadata.Annotations[Labels.Deployment] = "d9";
        Judge(view).Failure.Should().Contain("Another deployment");
    }

    [Theory]
    [InlineData("ErrImagePull", "rpc error: code = Unknown desc = Error response from daemon: manifest for x not found: manifest unknown", "cannot be pulled: manifest for x not found: manifest unknown")]
    [InlineData("InvalidImageName", "couldn't parse image", "name is not valid")]
    [InlineData("CreateContainerConfigError", "container has runAsNonRoot and image will run as root", "USER 1000")]
    [InlineData("RunContainerError", "exec: \"nope\": executable file not found in $PATH", "cannot be started")]
    public void What_cannot_get_better_fails_at_once_in_words(string reason, string message, string words) =>
        Judge(View([Waiting("new", reason, message)])).Failure.Should().Contain(words);

    [Theory]
    [InlineData("ErrImagePull", "net/http: TLS handshake timeout")]
    [InlineData("RunContainerError", "failed to create shim task: OCI runtime create failed: runc create failed: unable to create new parent process: namespace path: lstat /proc/0/ns/ipc: no such file or directory: unknown")]
    [InlineData("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition")]
    [InlineData("ContainerCreating", null)]
    public void What_may_pass_is_waited_for(string reason, string? message) =>
        Judge(View([Waiting("new", reason, message)])).Should().Be(new Verdict(false));

    [Fact]
    public void A_pull_that_fails_again_and_again_is_given_up()
    {
        var view = View([Waiting("new", "ImagePullBackOff", "Back-off pulling image")]);
        view.Events = [Happening("new", "Failed", "Failed to pull image \"x\": rpc error: code = Unknown desc = filesystem layer verification failed", count: 3)];
        Judge(view).Failure.Should().Contain("cannot be pulled: filesystem layer verification failed");

        view.Events = [Happening("new", "Failed", "Failed to pull image \"x\": rpc error: code = Unknown desc = dial tcp 127.0.0.1:5000: connect: connection refused", count: 3)];
        Judge(view).Failure.Should().BeNull("a registry that is away may be back within the rollout's time");
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, "exit code 3")]
    public void A_crash_is_given_a_second_chance_and_no_third(int restarts, string? words)
    {
        var pod = Waiting("new", "CrashLoopBackOff", "back-off 10s", restarts);
        pod.Status.ContainerStatuses[0].LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 3, Reason = "Error" } };
        var failure = Judge(View([pod])).Failure;
        (failure is null).Should().Be(words is null);
        failure?.Should().Contain(words!);
    }

    [Theory]
    [InlineData("OOMKilled", 137, "ran out of memory (limit 512Mi)")]
    [InlineData("Completed", 0, "is to keep running")]
    [InlineData("Error", 139, "signal 11")]
    public void An_end_is_told_in_words(string reason, int code, string words) =>
        PodTrouble.End(new V1ContainerStateTerminated { Reason = reason, ExitCode = code }, Workloads.Workload()).Should().Contain(words);

    [Fact]
    public void Want_of_room_is_waited_for_a_while_and_then_named()
    {
        var pod = Pod("new", ready: false);
        pod.Status.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available: 1 Insufficient memory." }];
        var judge = new RolloutJudge(View([pod]));
        var first = judge.Judge(Start);
        first.Failure.Should().BeNull();
        first.LookAgain.Should().Be(Start.AddSeconds(15));
        judge.Judge(Start.AddSeconds(15)).Failure.Should().Contain("Insufficient memory");
    }

    [Fact]
    public void A_trouble_that_passed_starts_anew()
    {
        var view = View([]);
        view.ReplicaSets = [Refused("exceeded quota: app")];
        var judge = new RolloutJudge(view);
        judge.Judge(Start);
        view.ReplicaSets = [];
        judge.Judge(Start.AddSeconds(1));
        view.ReplicaSets = [Refused("exceeded quota: app")];
        judge.Judge(Start.AddSeconds(5)).Failure.Should().BeNull();
        judge.Judge(Start.AddSeconds(9)).Failure.Should().Contain("exceeded quota: app");
    }

    [Fact]
    public void A_quota_is_no_failure_while_pods_are_leaving()
    {
        var leaving = Pod("old", ready: true, deployment: "d0");
        leaving.Metadata.DeletionTimestamp = DateTime.UnixEpoch;
        var view = View([leaving]);
        view.ReplicaSets = [Refused("exceeded quota: app")];
        var judge = new RolloutJudge(view);
        judge.Judge(Start);
        judge.Judge(Start.AddMinutes(1)).Failure.Should().BeNull();

        view.Pods = [];
        judge.Judge(Start.AddMinutes(1)).Failure.Should().BeNull("the controller, refused for a minute, asks again only after another");
        judge.Judge(Start.AddMinutes(2)).Failure.Should().BeNull();
        judge.Judge(Start.AddMinutes(3)).Failure.Should().Contain("exceeded quota: app");
    }

    [Theory]
    [InlineData("Readiness probe failed: HTTP probe failed with statuscode: 503", "answered 503")]
    [InlineData("Startup probe failed: Get \"http://172.30.0.5:3000/health\": dial tcp 172.30.0.5:3000: connect: connection refused", "nothing listens there")]
    [InlineData("Readiness probe failed: Get \"http://x/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "had no answer in time")]
    [InlineData("Readiness probe failed: Get \"http://x/\": EOF", "was cut off")]
    public void At_the_deadline_it_tells_what_the_probe_saw(string message, string words)
    {
        var view = View([Pod("new", ready: false)]);
        view.Events = [Happening("new", "Unhealthy", message)];
        new RolloutJudge(view).AtDeadline(TimeSpan.FromSeconds(60)).Should()
            .StartWith("No pod became ready within 60 s: readiness probe GET /health on port 3000 ").And.Contain(words);
    }

    [Fact]
    public void A_quota_that_is_not_counted_yet_is_waited_for_and_told_at_the_deadline()
    {
        var view = View([]);
        view.ReplicaSets = [Refused("status unknown for quota: app, resources: limits.memory")];
        var judge = new RolloutJudge(view);
        judge.Judge(Start).Should().Be(new Verdict(false));
        judge.Judge(Start.AddMinutes(2)).Failure.Should().BeNull();
        judge.AtDeadline(TimeSpan.FromSeconds(180)).Should().StartWith("No pod became ready within 180 s: ").And.Contain("status unknown for quota: app");
    }

    [Fact]
    public void At_the_deadline_a_crash_is_told_by_how_it_ended()
    {
        var pod = Waiting("new", "CrashLoopBackOff", "back-off 20s restarting failed container", restarts: 1);
        pod.Status.ContainerStatuses[0].LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 3, Reason = "Error" } };
        new RolloutJudge(View([pod])).AtDeadline(TimeSpan.FromSeconds(60)).Should().Contain("exit code 3");
    }

    [Fact]
    public void At_the_deadline_one_slow_answer_hides_nothing_of_those_before_it()
    {
        var view = View([Pod("new", ready: false)]);
        view.Events =
        [
            Happening("new", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", count: 80),
            Happening("new", "Unhealthy", "Readiness probe failed: Get \"http://x/\": context deadline exceeded", count: 1),
        ];
        new RolloutJudge(view).AtDeadline(TimeSpan.FromSeconds(60)).Should().Contain("answered 503");
    }

    [Fact]
    public void At_the_deadline_it_tells_how_many_are_ready()
    {
        var view = View([Pod("a", ready: true), Pod("b", ready: false)], workload: Workloads.Workload(replicas: 2));
        new RolloutJudge(view).AtDeadline(TimeSpan.FromSeconds(60)).Should().StartWith("Only 1 of 2 pods became ready");
    }

    private static Verdict Judge(RolloutView view) => new RolloutJudge(view).Judge(Start);

    private static RolloutView View(
        V1Pod[] pods, IReadOnlyCollection<string>? serving = null, long observed = 1, long generation = 1, AppWorkload? workload = null) =>
        new(workload ?? Workloads.Workload())
        {
            Deployments =
            [
                new V1Deployment
                {
                    Metadata = new V1ObjectMeta { Name = "app", Generation = generation, Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Labels.Deployment] = "d1" } },
                    Status = new V1DeploymentStatus { ObservedGeneration = observed },
                },
            ],
            ReplicaSets = [],
            Pods = pods,
            Endpoints =
            [
                new V1Endpoints
                {
                    Metadata = new V1ObjectMeta { Name = "app" },
                    Subsets = [new V1EndpointSubset { Addresses = [.. (serving ?? []).Select(name => new V1EndpointAddress { TargetRef = new V1ObjectReference { Name = name } })] }],
                },
            ],
            Events = [],
        };

    private static V1Pod Pod(string name, bool ready, string deployment = "d1", string? imageId = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Uid = name, Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Labels.Deployment] = deployment } },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "app", Image = Workloads.Workload().Image }] },
        Status = new V1PodStatus
        {
            Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
            ContainerStatuses = [new V1ContainerStatus { Name = "app", ImageID = imageId ?? "docker-pullable://" + Workloads.Workload().Image, State = new V1ContainerState { Running = new() } }],
        },
    };

    private static V1Pod Waiting(string name, string reason, string? message, int restarts = 0)
    {
        var pod = Pod(name, ready: false);
        pod.Status.ContainerStatuses[0].State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } };
        pod.Status.ContainerStatuses[0].RestartCount = restarts;
        return pod;
    }

    private static V1ReplicaSet Refused(string message) => new()
    {
        Metadata = new V1ObjectMeta { Name = "app-1", Uid = "app-1" },
        Spec = new V1ReplicaSetSpec { Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Labels.Deployment] = "d1" } } } },
        Status = new V1ReplicaSetStatus { Conditions = [new V1ReplicaSetCondition { Type = "ReplicaFailure", Status = "True", Message = $"pods \"app-x\" is forbidden: {message}" }] },
    };

    private static Corev1Event Happening(string pod, string reason, string message, int count = 1) => new()
    {
        Metadata = new V1ObjectMeta { Name = "e", Uid = "e" },
        InvolvedObject = new V1ObjectReference { Uid = pod, Name = pod },
        Reason = reason,
        Message = message,
        Count = count,
    };
}
