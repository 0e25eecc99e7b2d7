-- One row per area, census year and published rate that could be recomputed from its inputs: how far apart they are.
with final as (
    select
        unit_name || ' ' || census_year as place,
        indicator,
        unit_level = 'authority' as is_unit,
        indicator like '%cover_rate%' as is_cover_rate,
        value as published,
        recomputed_value as recomputed,
        recomputed_difference as difference
    from marts_candidate.mart_census__indicators
    where indicator_basis = 'published' and value is not null and recomputed_value is not null
)

select * from final
order by place, indicator
