using Boottify.Builds;

namespace Boottify.Tests.Builds;

public sealed class WorkspaceRootTests : IDisposable
{
    private readonly TemporaryFolder data = new();

    public void Dispose() => data.Dispose();

    [Fact]
    public void Two_processes_never_share_a_folder_and_neither_removes_the_other_s()
    {
        using var one = Root();
        using var other = Root();
        var (first, second) = (one.Open(), other.Open());
        first.Should().NotBe(second);
        other.RemoveThoseOfTheDead();
        one.RemoveThoseOfTheDead();
        Directory.Exists(first).Should().BeTrue();
        Directory.Exists(second).Should().BeTrue();
    }

    [Fact]
    public void What_a_killed_process_left_goes_with_the_next_look()
    {
        using var alive = Root();
        alive.Open();
        // A kill frees the lock and leaves both the folder and the lock's file.
        var dead = Directory.CreateDirectory(Path.Combine(data.Path, "builds", "dead")).FullName;
        File.WriteAllText(Path.Combine(dead, "file"), "");
        File.WriteAllText(Path.Combine(data.Path, "nodes", "dead.lock"), "");
        alive.RemoveThoseOfTheDead();
        Directory.Exists(dead).Should().BeFalse();
        File.Exists(Path.Combine(data.Path, "nodes", "dead.lock")).Should().BeFalse();
    }

    [Fact]
    public void A_folder_that_no_lock_speaks_of_is_left_for_a_while()
    {
        using var alive = Root();
        alive.Open();
        var older = Directory.CreateDirectory(Path.Combine(data.Path, "builds", "older")).FullName;
        alive.RemoveThoseOfTheDead();
        Directory.Exists(older).Should().BeTrue();
    }

    private WorkspaceRoot Root() => new(
        new BuildSettings
        {
            DataFolder = data.Path,
            DockerHost = new Uri("unix:///nowhere"),
            Registry = "127.0.0.1:1",
            RegistryUser = "",
            RegistryPassword = "",
        },
        TimeProvider.System);
}
