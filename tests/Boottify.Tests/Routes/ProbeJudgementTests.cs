using System.Net;
using Boottify.Deployments;
using Boottify.Routes;
using static Boottify.Routes.ProbeAnswer;

namespace Boottify.Tests.Routes;

public class ProbeJudgementTests
{
    [Theory]
    [InlineData(true, Served)]
    [InlineData(true, Served, Served)]
    [InlineData(true, Served, Away)]
    [InlineData(true, Away, Away, Served)]
    [InlineData(false, Served, Refused)]
    [InlineData(false, Failed, Served)]
    public void It_is_served_when_all_that_answer_have_it_and_while_an_edge_is_away_when_one_has(bool everyEdgeAnswers, params ProbeAnswer[] answers) =>
        Of(everyEdgeAnswers, answers).Should().BeNull();

    [Theory]
    [InlineData(Served, Failed)]
    [InlineData(Served, Refused)]
    [InlineData(Away, Served, Failed)]
    public void An_address_that_answers_something_else_than_another_is_no_fault_of_the_app_and_is_named(params ProbeAnswer[] answers) =>
        Of(everyEdgeAnswers: true, answers).Should().BeOfType<HttpRequestException>().Which.Message.Should().Contain($"192.0.2.{answers.Length}: it is {answers[^1]}");

    [Theory]
    [InlineData(Failed)]
    [InlineData(Failed, Failed)]
    [InlineData(Failed, Away, Refused)]
    public void An_app_that_nobody_gets_an_answer_of_is_at_fault(params ProbeAnswer[] answers) => Of(everyEdgeAnswers: true, answers).Should().BeOfType<StepException>();

    [Theory]
    [InlineData(Away)]
    [InlineData(Refused)]
    [InlineData(Away, Refused)]
    public void Edges_that_do_not_let_anybody_through_say_nothing_about_the_app_whoever_is_away(params ProbeAnswer[] answers)
    {
        Of(everyEdgeAnswers: true, answers).Should().BeOfType<HttpRequestException>();
        Of(everyEdgeAnswers: false, answers).Should().BeOfType<HttpRequestException>();
    }

    [Fact]
    public void One_address_is_told_in_the_words_of_before() => Of(everyEdgeAnswers: true, Failed)!.Message
        .Should().Be("The app's pods are ready, but GET /health does not answer over https://shop.apps.example: it is Failed.");

    [Fact]
    public void An_absence_is_believed_at_the_second_time_and_a_wrong_answer_never_before_the_end()
    {
        ProbeJudgement.IsSettled(Sights(Served, Served), 1).Should().BeTrue();
        ProbeJudgement.IsSettled(Sights(Served, Away), 1).Should().BeFalse();
        ProbeJudgement.IsSettled(Sights(Served, Away), 2).Should().BeTrue();
        ProbeJudgement.IsSettled(Sights(Served, Refused), 9).Should().BeFalse();
        ProbeJudgement.IsSettled(Sights(Away, Away), 9).Should().BeFalse("nobody serves it");
    }

    private static Exception? Of(bool everyEdgeAnswers, params ProbeAnswer[] answers) => ProbeJudgement.Of("shop.apps.example", "/health", Sights(answers), everyEdgeAnswers);

    private static ProbeSight[] Sights(params ProbeAnswer[] answers) =>
        [.. answers.Select((answer, index) => new ProbeSight(IPAddress.Parse($"192.0.2.{index + 1}"), answer, answer == Served ? "" : $"it is {answer}"))];
}
