-- One row per collection and unit of the benchmark: the most neighbours counted, beside how many it can have.
with pairs as (
    select
        authorities.unit_code,
        coalesce(neighbours.unit_code, pairs.neighbour_authority_code) as neighbour_code,
        neighbours.unit_code is not null as is_in_london
    from reference.statistical_neighbours as pairs
    inner join reference.authorities on pairs.authority_code = authorities.authority_code
    left join reference.authorities as neighbours on pairs.neighbour_authority_code = neighbours.authority_code
    where pairs.model_year = (select max(newest.model_year) from reference.statistical_neighbours as newest)
),

possible as (
    select
        unit_code,
        count(distinct neighbour_code) as in_england,
        count(distinct neighbour_code) filter (where is_in_london) as in_london
    from pairs
    where neighbour_code <> unit_code
    group by unit_code
),

final as (
    select
        benchmark.collection,
        benchmark.unit_name,
        max(
            benchmark.neighbours_counted
            - case benchmark.collection when 'dfe_census_statistics' then possible.in_england else possible.in_london end
        )::integer as too_many,
        (count(*) filter (where benchmark.neighbours_median is not null and benchmark.neighbours_counted < 3))::integer
            as medians_of_too_few
    from marts_candidate.mart_member__benchmark as benchmark
    inner join possible on benchmark.unit_code = possible.unit_code
    group by benchmark.collection, benchmark.unit_name
)

select * from final
order by collection, unit_name
