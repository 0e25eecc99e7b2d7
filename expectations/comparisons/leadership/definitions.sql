-- One row per source and year of the mart: the definitions of the Global Majority it uses, and the known ethnicity codes that
-- the definition in use has no side for on 30 September of the year.
with used as (
    select
        source,
        as_at_year,
        count(distinct gm_definition) as definitions_used,
        min(gm_definition) as gm_definition
    from marts_candidate.mart_leadership__representation
    group by source, as_at_year
),

final as (
    select
        used.source || ' ' || used.as_at_year as place,
        used.gm_definition,
        used.definitions_used,
        count(*) filter (where definitions.is_global_majority is null) as codes_without_side
    from used
    inner join reference.ethnicity_codes as codes on codes.is_known
    left join reference.global_majority_definitions as definitions
        on
            used.gm_definition = definitions.definition
            and codes.ethnicity_code = definitions.ethnicity_code
            and make_date(used.as_at_year, 9, 30) between definitions.valid_from
            and coalesce(definitions.valid_to, date '9999-12-31')
    group by used.source, used.as_at_year, used.gm_definition, used.definitions_used
)

select * from final
order by place
