using System.Threading.Channels;
using Boottify.Builds;
using Boottify.Deployments.Queue;
using Marten;

namespace Boottify.Housekeeping;

/// <summary>
/// The disk alarm. Measures where this node keeps sources and images: each time a build may be started, and every two seconds
/// to tell all nodes. While a disk is low this node starts no build, and what runs goes on.
/// </summary>
public sealed class DiskWatch : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SaidAnew = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan AlarmedAnew = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FolderLookedUpAnew = TimeSpan.FromMinutes(5);

    private readonly Channel<bool> alarms = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly EngineDisk engine;
    private readonly BuildSettings builds;
    private readonly HousekeepingSettings settings;
    private readonly IDocumentStore store;
    private readonly Node node;
    private readonly TimeProvider time;
    private readonly ILogger<DiskWatch> log;
    private string? engineFolder;

    internal DiskWatch(
        EngineDisk engine, BuildSettings builds, HousekeepingSettings settings, IDocumentStore store, Node node, TimeProvider time, ILogger<DiskWatch> log) =>
        (this.engine, this.builds, this.settings, this.store, this.node, this.time, this.log) = (engine, builds, settings, store, node, time, log);

    /// <summary>The node's disks at this moment; one that cannot be measured is left out.</summary>
    public IReadOnlyList<DiskState> Disks()
    {
        var disks = new List<DiskState>();
        Measure(builds.DataFolder, "sources");
        if (engineFolder is { } folder)
            Measure(folder, "images");
        return disks;

        void Measure(string path, string holds)
        {
            try
            {
                Directory.CreateDirectory(path);
                var drive = new DriveInfo(path);
                disks.Add(DiskState.Of(path, holds, drive.AvailableFreeSpace, drive.TotalSize, settings));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.LogWarning("The free space of {Path} cannot be measured: {Reason}", path, e.Message);
            }
        }
    }

    /// <summary>Why this node starts no builds at this moment; null when it does.</summary>
    public string? BuildsStopped => DiskState.WhyStopped(node.Name, Disks());

    /// <summary>What the engine's disk lacks of the free space that it is to have.</summary>
    public long EngineBytesMissing => Disks().Where(disk => disk.Path == engineFolder).Sum(disk => Math.Max(0, disk.NeededBytes - disk.FreeBytes));

    /// <summary>Returns when a disk has become low, and each minute while it is.</summary>
    public async Task AlarmAsync(CancellationToken cancellation) => await alarms.Reader.ReadAsync(cancellation);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var state = new Told();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FindEngineFolderAsync(state, stoppingToken);
                await TellAsync(state, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("The state of the disks could not be told: {Reason}", e.Message);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FindEngineFolderAsync(Told state, CancellationToken cancellation)
    {
        if (engineFolder is not null && time.GetElapsedTime(state.FolderFound) < FolderLookedUpAnew)
            return;
        try
        {
            engineFolder = await engine.FolderAsync(cancellation);
            state.FolderFound = time.GetTimestamp();
        }
        catch (PassingFaultException)
        {
            // The engine is away; where its images are has not changed.
        }
    }

    private async Task TellAsync(Told state, CancellationToken cancellation)
    {
        var disks = Disks();
        var stopped = DiskState.WhyStopped(node.Name, disks);
        var changed = state.Stopped is null != stopped is null || state.At == default;
        if (stopped is not null && (changed || time.GetElapsedTime(state.Alarmed) > AlarmedAnew))
        {
            log.LogWarning("{Reason}", stopped);
            alarms.Writer.TryWrite(true);
            state.Alarmed = time.GetTimestamp();
        }
        else if (changed && stopped is null && state.At != default)
        {
            log.LogInformation("The disks have room again: builds go on");
        }

        if (!changed && time.GetUtcNow() - state.At < SaidAnew)
            return;
        await using var session = store.LightweightSession();
        session.Store(new NodeDisks(node.Name, time.GetUtcNow(), disks, stopped));
        await session.SaveChangesAsync(cancellation);
        (state.Stopped, state.At) = (stopped, time.GetUtcNow());
    }

    private sealed class Told
    {
        public string? Stopped { get; set; }

        public DateTimeOffset At { get; set; }

        public long Alarmed { get; set; }

        public long FolderFound { get; set; }
    }
}
