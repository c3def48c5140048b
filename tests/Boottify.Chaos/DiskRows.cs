using Boottify.Chaos.Machine;
using Boottify.EndToEnd;
using CliWrap;

namespace Boottify.Chaos;

/// <summary>The disk of the workspaces is full: a small file system stands in its place.</summary>
public static class DiskRows
{
    private const string Words = "The disk of the machine that builds is full.";

    public static IEnumerable<Row> All =>
    [
        new Row("disk of the build, full", "validate", InShortForm: true, async drill =>
        {
            await using (await FullDisk.MountAsync())
            {
                await drill.EnterAsync("check", bulk: 4 << 20, untilInside: false);
                await drill.EndAsync();
            }

            drill.ExpectedError = Words;
        }),
        new Row("disk of the build, full at the take-over", "build", InShortForm: false, async drill =>
        {
            await drill.EnterAsync("build", bulk: 4 << 20);
            await using (await FullDisk.MountAsync())
            {
                drill.Mark();
                drill.Runner.Kill();
                await drill.UntilResumedAsync(elsewhere: true);
                await drill.EndAsync();
            }

            drill.ExpectedError = Words;
        }),
    ];

    private sealed class FullDisk(string folder) : IAsyncDisposable
    {
        public static async Task<FullDisk> MountAsync()
        {
            var folder = Directory.CreateDirectory(Path.Combine(Platform.Setting("BOOTTIFY_DATA"), "builds")).FullName;
            await Cli.Wrap("mount").WithArguments(["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).ExecuteAsync();
            return new FullDisk(folder);
        }

        public async ValueTask DisposeAsync() => await Cli.Wrap("umount").WithArguments(["--lazy", folder]).ExecuteAsync();
    }
}
