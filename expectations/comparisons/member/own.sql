-- One row per collection and indicator that stands in both: figures members see beside those the authority sees itself.
with compared as (
    select
        benchmark.collection,
        benchmark.indicator,
        benchmark.indicator_unit,
        abs(own.value - benchmark.value) as difference,
        own.value is null and benchmark.value is not null as is_missing
    from marts_candidate.mart_member__benchmark as benchmark
    inner join restricted_candidate.mart_member__own_figures as own
        on
            benchmark.unit_code = own.unit_code
            and benchmark.collection = own.collection
            and benchmark.period_label = own.period_label
            and benchmark.indicator = own.indicator
            and benchmark.category = own.category
    where own.breakdown in ('all', 'role_type', 'tier', 'ep_grade')
),

final as (
    select
        collection,
        indicator,
        count(difference)::integer as compared,
        (count(*) filter (where is_missing))::integer as missing,
        -- Members see percentages of fewer than 50 without decimals, and full-time equivalents with one.
        (count(*) filter (
            where difference > case indicator_unit when 'percent' then 0.51 when 'fte' then 0.051 else 0.0051 end
        ))::integer as different
    from compared
    group by collection, indicator
)

select * from final
order by collection, indicator
