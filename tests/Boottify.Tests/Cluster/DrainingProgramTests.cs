using System.Diagnostics;
using System.Runtime.InteropServices;
using Boottify.Cluster.Objects;

namespace Boottify.Tests.Cluster;

public class DrainingProgramTests
{
    [Fact]
    public async Task The_program_for_this_machine_runs_sleeps_as_long_as_it_says_and_ends_well()
    {
        var facts = Workloads.Old with { Architecture = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64" };
        var path = Path.Combine(Path.GetTempPath(), $"boottify-sleep-{Guid.NewGuid():N}");
        await File.WriteAllBytesAsync(path, Draining.Program(facts)!.Single().Value, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            var started = Stopwatch.StartNew();
            using var process = Process.Start(path);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.Should().Be(0);
            started.Elapsed.Should().BeGreaterThanOrEqualTo(Draining.Delay);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("amd64", 0x3e)]
    [InlineData("arm64", 0xb7)]
    public void Each_architecture_gets_its_own_program(string architecture, byte machine)
    {
        var program = Draining.Program(Workloads.Old with { Architecture = architecture })!.Single().Value;
        program[..4].Should().Equal(0x7f, (byte)'E', (byte)'L', (byte)'F');
        program[18].Should().Be(machine);
    }

    [Fact]
    public void Where_no_way_is_known_there_is_no_hook_rather_than_one_that_fails()
    {
        var mixed = Workloads.Old with { Architecture = "" };
        Draining.Lifecycle(mixed).Should().BeNull();
        Draining.Volumes(mixed, "env").Should().BeNull();
    }
}
