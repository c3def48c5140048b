using System.Diagnostics;
using Boottify.Edge.Routes;

namespace Boottify.Edge.Nginx;

/// <summary>
/// Brings the desired routes into the running nginx: render, stage, <c>nginx -t</c>, atomic swap, signal, then ask nginx
/// whether it serves them; else the last good configuration is put back. All callers that wait while one round runs
/// share the next, and rounds that reload start at most twice a second.
/// </summary>
/// <remarks>A crash at any point leaves nginx serving the old or the new generation, whole; the next start goes on from there.</remarks>
public sealed class NginxApplier(
    DesiredState desired, NginxConfiguration configuration, Generations generations, NginxProcess nginx, NginxErrorLog errors, GenerationProbe probe,
    LiveRoutes live, TimeProvider clock, ILogger<NginxApplier> log) : BackgroundService
{
    private static readonly TimeSpan s_betweenReloads = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_betweenReloadsWhileManyLeave = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_reloadTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(2);
    private const int ManyLeavingWorkers = 32;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wanted = new(1, 1);
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastReload = long.MinValue;
    private readonly RetryPause _retry = new(clock);
    private string? _logProblem;

    /// <summary>How many times nginx was told to read its configuration since the edge started.</summary>
    public long Reloads { get; private set; }

    public string? LastProblem { get; private set; }

    /// <summary>The first round since the start is over: what <see cref="LiveRoutes"/> says is what nginx serves.</summary>
    public bool HasLooked { get; private set; }

    /// <summary>Ends once nginx was seen serving everything that was desired when this was called.</summary>
    /// <exception cref="NginxRefusedException">It was not; the last good configuration serves on.</exception>
    public Task ApplyAsync(CancellationToken cancellation)
    {
        Task round;
        lock (_lock)
        {
            round = _next.Task;
            if (_wanted.CurrentCount == 0) _wanted.Release();
        }

        return round.WaitAsync(cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Woken by a change; and now and then by itself, to start an nginx that has gone or to try again what failed.
            var changed = await _wanted.WaitAsync(s_watch, stoppingToken);
            TurnErrorLog();
            if (!changed && !IsDue()) continue;

            TaskCompletionSource round;
            lock (_lock)
            {
                round = _next;
                _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            try
            {
                await RoundAsync(stoppingToken);
                LastProblem = null;
                _retry.Forget();
                HasLooked = true;
                round.SetResult();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                LastProblem = e.Message;
                if (e is NginxRefusedException { MayPass: false }) _retry.Forget();
                else _retry.Failed();
                HasLooked = true;
                log.LogError(e is NginxRefusedException ? null : e, "nginx does not serve the desired routes; the last good configuration stays: {Problem}", e.Message);
                round.SetException(e as NginxRefusedException ?? new NginxRefusedException(e.Message));
                _ = round.Task.Exception; // Looked at: a round may have nobody waiting.
            }
            catch (OperationCanceledException)
            {
                round.SetCanceled(stoppingToken);
            }
        }
    }

    private void TurnErrorLog()
    {
        try
        {
            errors.Turn(nginx.Pid);
            _logProblem = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_logProblem != e.Message) log.LogWarning("nginx's error log is over its bound and cannot be moved; this is tried again: {Problem}", e.Message);
            _logProblem = e.Message;
        }
    }

    private bool IsDue()
    {
        try
        {
            return nginx.Pid is null || _retry.IsOver;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // The round meets it again, and says so.
        }
    }

    private async Task RoundAsync(CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var routes = desired.Snapshot();
        var rendered = await configuration.RenderAsync(routes, cancellation);
        var current = generations.Current;
        var running = await RunningAsync(cancellation);
        if (current is { } same && running == same && generations.FingerprintOf(same) == rendered.Fingerprint)
        {
            live.Set(routes);
            return;
        }

        await PaceAsync(cancellation);
        var generation = await generations.StageAsync(rendered, cancellation);
        if (await nginx.TestAsync(generations.ConfigurationOf(generation), cancellation) is { } problem)
        {
            generations.Drop(generation);
            if (nginx.Pid is null && current is { } good) await StartAsync(good, cancellation);
            throw problem;
        }

        generations.Select(generation);
        if (nginx.Pid is null) await StartAsync(generation, cancellation);
        else await ReloadAsync(generation, running ?? current, cancellation);

        live.Set(routes);
        generations.Prune();
        log.LogInformation("nginx serves generation {Generation}: {Apps} apps, {Hosts} hosts, {Milliseconds} ms",
            generation, routes.Count, routes.Sum(route => route.Hosts.Count), (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>What the running nginx serves. One that is slow to say so is asked again: a reload for nothing closes connections.</summary>
    private async Task<long?> RunningAsync(CancellationToken cancellation)
    {
        for (var asked = 0; asked < 3 && nginx.Pid is not null; asked++)
        {
            if (await probe.AskAsync(cancellation) is { } running) return running;
        }

        return null;
    }

    private async Task PaceAsync(CancellationToken cancellation)
    {
        var pause = nginx.LeavingWorkers() > ManyLeavingWorkers ? s_betweenReloadsWhileManyLeave : s_betweenReloads;
        if (_lastReload != long.MinValue && pause - clock.GetElapsedTime(_lastReload) is { Ticks: > 0 } rest) await Task.Delay(rest, clock, cancellation);
        _lastReload = clock.GetTimestamp();
    }

    private async Task StartAsync(long generation, CancellationToken cancellation)
    {
        var said = errors.FromHere();
        await nginx.StartAsync(cancellation);
        if (!await SeenAsync(generation, [], said, cancellation)) throw new NginxRefusedException($"nginx was started but does not answer. {said.Refusals(nginx.Pid)}", mayPass: true);
        log.LogInformation("nginx started with generation {Generation}, pid {Pid}", generation, nginx.Pid);
    }

    private async Task ReloadAsync(long generation, long? lastGood, CancellationToken cancellation)
    {
        var before = nginx.ServingWorkers();
        var said = errors.FromHere();
        Reloads++;
        if (nginx.Reload() && await SeenAsync(generation, before, said, cancellation)) return;

        var words = said.Refusals(nginx.Pid);
        if (lastGood is { } good)
        {
            generations.Select(good);
            nginx.Reload();
        }

        throw words.Length > 0
            ? new NginxRefusedException(words)
            : new NginxRefusedException($"nginx did not take generation {generation} within {s_reloadTime.TotalSeconds} s.", mayPass: true);
    }

    /// <summary>True once the generation answers and no worker from before takes new connections any more; false as soon as nginx says that it gave up.</summary>
    private async Task<bool> SeenAsync(long generation, IReadOnlyList<int> before, NginxErrorLog.Reader said, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < s_reloadTime)
        {
            if (await probe.AskAsync(cancellation) == generation && !before.Any(NginxProcess.IsServing)) return true;
            if (said.Refusals(nginx.Pid).Length > 0) return false;
            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellation);
        }

        return false;
    }

    public override void Dispose()
    {
        _wanted.Dispose();
        base.Dispose();
    }
}
